import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answers } from '../support/answers.js'
import { makeCertificates } from '../support/eventstoredb/certificates.js'
import { startEventStoreDbServer, type ServerSetting } from '../support/eventstoredb/server.js'
import { running, scratchFolder, streamvane } from '../support/streamvane.js'

const certificates = makeCertificates()

const setting = async (of: ServerSetting = {}) => {
  const on = await startEventStoreDbServer(of)
  onTestFinished(() => on.stop())
  const dir = await scratchFolder()
  const file = join(dir, 'events.ndjson')
  await writeFile(file, `${answers(30).join('\n')}\n`)
  const env = {
    STREAMVANE_DATA: join(dir, 'data'),
    STREAMVANE_LOG__KIND: 'eventstoredb',
    STREAMVANE_LOG__EVENTSTOREDB__CONNECTION_STRING: on.connectionString,
  }
  return { on, file, env }
}

describe('import into an EventStoreDB that is away', () => {
  test('waits until it is back, and says when it began', async () => {
    const { on, file, env } = await setting()
    on.away()
    const importing = running(['import', file], env)
    expect(await importing.said('out of reach')).toContain('"waitSeconds":600')
    await on.back()
    expect(await importing.ended).toMatchObject({ code: 0 })
    expect(importing.stderr()).toMatch(/"since":"20[^"]+Z","lostMs":\d+,"msg":"log: the server is back"/)
    expect((await on.data.all()).length).toBeGreaterThanOrEqual(30)
  })

  test('ends after the time that it was given, before anything was begun', async () => {
    const { on, file, env } = await setting()
    on.away()
    expect(await streamvane(['import', '--wait', '0', file], { env })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('import was not begun and nothing was changed') as string,
    })
  })
})

describe('rebuild and replay while EventStoreDB is away', () => {
  const range = ['--from', '2026-01-01', '--to', '2027-01-01', '--dry-run']

  test('wait until it is back, and do their work', async () => {
    const { on, file, env } = await setting()
    expect(await streamvane(['import', file], { env })).toMatchObject({ code: 0 })
    for (const [command, told] of [
      [['rebuild', '--promote'], 'generation g1 is complete'],
      [['replay', '--yes', ...range], 'the server is back'],
    ] as const) {
      on.away()
      const working = running(command, env)
      expect(await working.said('out of reach')).toContain('"waitSeconds":600')
      await on.back()
      const { code } = await working.ended
      expect([code, working.stderr()]).toEqual([0, expect.stringContaining(told)])
    }
  })

  test('end after the time that they were given, in one line', async () => {
    const { on, env } = await setting()
    on.away()
    for (const command of [['rebuild'], ['replay', '--yes', ...range]]) {
      const { code, stderr } = await streamvane([...command, '--wait', '0'], { env })
      expect([code, stderr]).toEqual([1, expect.stringContaining('EventStoreDB')])
      expect(stderr).not.toContain('    at ')
    }
  })
})

test.skipIf(certificates === undefined)(
  'import with a wrong password ends at once, says whose it is to mend, and does not say to send it again',
  async () => {
    const { caFile, server: tls } = certificates!
    const { file, env } = await setting({ tls, users: { service: 'one' } })
    const wrong = {
      ...env,
      STREAMVANE_LOG__EVENTSTOREDB__USERNAME: 'service',
      STREAMVANE_LOG__EVENTSTOREDB__PASSWORD: 'old',
      STREAMVANE_LOG__EVENTSTOREDB__TLS_CA_FILE: caFile,
    }
    const { code, stderr } = await streamvane(['import', file], { env: wrong })
    expect([code, stderr]).toEqual([4, expect.stringMatching(/credentials|name and password of a user who may/)])
    expect(stderr).not.toContain('send it again')
    expect(stderr).not.toContain('out of reach')
  },
)
