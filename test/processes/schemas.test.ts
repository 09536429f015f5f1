import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copiedVersion } from '../support/next-version.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

test('schemas check passes for this version, and names the field for a version with an incompatible schema', async () => {
  const check = ['schemas', 'check', '--no-registry']
  const now = await streamvane(check)
  expect(now).toMatchObject({ code: 0, stderr: '' })
  expect(now.stdout).toContain('queue: ')

  const { main, edit } = await copiedVersion(join(await scratchFolder(), 'incompatible'))
  await edit('domain/metric.ts', /(tAnswered: \['interaction', )'duration'/, "$1'count'")
  const planted = await streamvane(check, { main })
  expect(planted.code).toBe(4)
  expect(planted.stdout).toMatch(
    /queue: INCOMPATIBLE with the released schema \w{16}: contract: .*measures\.tAnswered\.sum is gone/,
  )

  expect(await streamvane([...check, '--family', 'agent-state'], { main })).toMatchObject({ code: 0 })
})
