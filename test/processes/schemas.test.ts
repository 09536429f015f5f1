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

test('the schemas of several Kafka sinks are those of the families that each publishes, under the subjects of its topics', async () => {
  const sinks = [
    { name: 'warehouse', use: 'kafka', families: ['queue'], topics: { queue: 'warehouse.queue' } },
    { name: 'plain', use: 'kafka', format: 'json' },
    { name: 'archive', use: 'files' },
  ]
  const shown = await streamvane(['schemas', 'show'], {
    env: {
      KAFKA_BROKERS: 'nowhere:9092',
      SCHEMA_REGISTRY_URL: 'http://nowhere',
      STREAMVANE_EGRESS__SINKS: JSON.stringify(sinks),
    },
  })
  expect(shown.stdout).toMatch(/^[0-9a-f]{16} {2}warehouse\.queue-value\n$/)
})
