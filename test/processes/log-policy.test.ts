import { describe, expect, onTestFinished, test } from 'vitest'
import { makeCertificates } from '../support/eventstoredb/certificates.js'
import { startEventStoreDbServer } from '../support/eventstoredb/server.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

const certificates = makeCertificates()

/** A server that checks rights; `as` runs a command as one of its users. */
const guarded = async () => {
  const { caFile, server: tls } = certificates!
  const on = await startEventStoreDbServer({
    tls,
    users: { admin: 'changeit', service: 'one' },
    groups: { admin: ['$admins'], service: ['streamvane'] },
  })
  onTestFinished(() => on.stop())
  const data = await scratchFolder()
  const as = (user: string, password: string, ...args: readonly string[]) =>
    streamvane(args, {
      env: {
        STREAMVANE_DATA: data,
        STREAMVANE_LOG__KIND: 'eventstoredb',
        STREAMVANE_LOG__EVENTSTOREDB__CONNECTION_STRING: on.connectionString,
        STREAMVANE_LOG__EVENTSTOREDB__USERNAME: user,
        STREAMVANE_LOG__EVENTSTOREDB__PASSWORD: password,
        STREAMVANE_LOG__EVENTSTOREDB__TLS_CA_FILE: caFile,
      },
    })
  return { on, as }
}

describe.skipIf(certificates === undefined)('log policy --default', () => {
  test('shows what is in force, what would be, and sets it; only an administrator may', async () => {
    const { on, as } = await guarded()
    const admin = (...args: readonly string[]) => as('admin', 'changeit', 'log', 'policy', ...args)
    const rights = ['--read', 'streamvane', '--write', 'streamvane', '--delete', '$admins']
    const closed = [
      '  read a stream              streamvane, $admins (always)',
      '  append to it               streamvane, $admins (always)',
      '  delete it                  $admins',
      '  read its policy            streamvane, $admins (always)',
      '  set its policy             $admins',
    ]
    expect(await admin('--default')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'in force:',
        ...['read a stream  ', 'append to it   ', 'delete it      ', 'read its policy', 'set its policy '].map(
          (what) => `  ${what}            everybody ($all)`,
        ),
        '  read the whole log ($all)  $admins',
        'any user of the server may append to, erase, set the policy of every stream that says nothing else\n',
      ].join('\n'),
    })
    expect((await admin('--default', ...rights, '--dry-run')).stdout).toBe(
      ['would be in force (nothing was changed):', ...closed, '  read the whole log ($all)  $admins\n'].join('\n'),
    )
    expect(await on.data.streamOf('$settings')).toEqual([])
    expect((await admin('--default', ...rights)).stdout).toContain('set; in force now:')
    expect(await admin('$all', '--read', 'streamvane', '$admins')).toMatchObject({ code: 0, stdout: '$all: set\n' })
    expect((await admin('--default')).stdout).toBe(
      ['in force:', ...closed, '  read the whole log ($all)  streamvane, $admins\n'].join('\n'),
    )
    for (const args of [['--default'], ['--default', ...rights], ['acme.clock', '--read', 'service']])
      expect(await as('service', 'one', 'log', 'policy', ...args)).toMatchObject({
        code: 4,
        stdout: '',
        stderr: expect.stringContaining('$admins') as string,
      })
  })

  test('with a stream, or with an age, is wrong usage', async () => {
    const { as } = await guarded()
    for (const args of [['acme.clock', '--default'], ['--default', '--max-age-days', '3'], []])
      expect(await as('admin', 'changeit', 'log', 'policy', ...args)).toMatchObject({ code: 2, stdout: '' })
  })
})
