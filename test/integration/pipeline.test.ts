import { join } from 'node:path'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { describe, expect, test } from 'vitest'
import type { Truth } from '../../src/simulator/truth/truth.js'
import { simulate } from '../../src/simulator/simulate.js'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { consoleConsume, type ForeignRecord } from '../support/console-consumer.js'
import { describeRegistry, freshName } from '../support/kafka.js'
import { bookOfLog } from '../support/pipeline-life.js'
import { rowsText, truthText, type RowLine } from '../support/rows-json.js'
import { ingressOf, post, running, scratchFolder, streamvane, type Running } from '../support/streamvane.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const BATCH_LINES = 60

const morning = (): Readonly<{ lines: readonly string[]; truth: Truth }> => {
  const simulation = simulate({
    seed: 11,
    fromMs: FROM,
    hours: 1.5,
    queues: 3,
    agents: 20,
    duplicates: 0.05,
    reorder: 0.05,
    envelope: 'mixed',
  })
  return { lines: [...simulation].map(({ line }) => line), truth: simulation.truth() }
}

const header = (record: ForeignRecord, name: string): string => record.headers.get(name)?.toString() ?? ''

/** Every row and revision at the destination. */
const namesOf = (records: readonly ForeignRecord[]): readonly string[] =>
  records.map((record) => `${header(record, 'ce_subject')} ${header(record, 'streamvane-row-revision')}`).sort()

/** Every row and revision that was ever computed. */
const namesInLog = async (data: string, tenant: string, family: string): Promise<readonly string[]> => {
  const log = await openEmbeddedLog({ dir: join(data, 'log', 'kpi-g1'), mode: 'reader' })
  try {
    const book = await bookOfLog(log, tenant, 'g1')
    return [...book]
      .filter(([key]) => key.startsWith(`${family}/`))
      .flatMap(([key, revisions]) => [...revisions.keys()].map((revision) => `${key} ${revision}`))
      .sort()
  } finally {
    await log.close()
  }
}

/** The last record of every row. Fails if a revision comes twice, or after a later one. */
const lastRecords = (records: readonly ForeignRecord[]): ReadonlyMap<string, ForeignRecord> => {
  const last = new Map<string, ForeignRecord>()
  for (const record of records) {
    const key = `${header(record, 'streamvane-generation')} ${header(record, 'ce_subject')}`
    const before = Number(header(last.get(key) ?? record, 'streamvane-row-revision'))
    const revision = Number(header(record, 'streamvane-row-revision'))
    if (last.has(key) && revision <= before) expect.fail(`${key}: revision ${revision} comes after ${before}`)
    last.set(key, record)
  }
  return last
}

describeRegistry(
  'a morning through HTTP to Kafka, with the process killed in mid-stream',
  ({ brokers, registryUrl, tools }) => {
    describe.skipIf(tools.via === 'nothing').each(['avro', 'json'] as const)('as %s', (format) => {
      test('a Java consumer sees every revision once and in order, and the last ones are what was simulated', async () => {
        const { lines, truth } = morning()
        const prefix = freshName('pipeline')
        const env = {
          STREAMVANE_DATA: join(await scratchFolder(), 'data'),
          STREAMVANE_CLOCK__EVERY_MS: '60000',
          STREAMVANE_EGRESS__BATCH_MAX: '20', // many transactions, so that a kill finds one open
          STREAMVANE_EGRESS__KAFKA__FORMAT: format,
          STREAMVANE_EGRESS__KAFKA__TOPICS__QUEUE: `${prefix}-queue`,
          STREAMVANE_EGRESS__KAFKA__TOPICS__AGENT: `${prefix}-agent`,
          'STREAMVANE_EGRESS__KAFKA__TOPICS__AGENT-STATE': `${prefix}-agent-state`,
          STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}-progress`,
          STREAMVANE_EGRESS__KAFKA__PARTITIONS: '3',
          STREAMVANE_TENANT: prefix,
          KAFKA_BROKERS: brokers.join(','),
          SCHEMA_REGISTRY_URL: registryUrl,
          STREAMVANE_EGRESS__KAFKA__REGISTRY__AUTO_REGISTER: 'true',
        }
        expect(await streamvane(['topics', 'apply'], { env })).toMatchObject({ code: 0 })
        const started = (): Running =>
          running(['run', '--port', '0', '--clock', 'event-time', '--log-level', 'debug'], env)

        // Killed while it publishes, each time with requests on their way; what was not acknowledged is sent again.
        let acknowledged = 0
        const send = async (url: string, until: number): Promise<void> => {
          while (acknowledged < until) {
            await post(url, lines.slice(acknowledged, acknowledged + BATCH_LINES))
            acknowledged = Math.min(acknowledged + BATCH_LINES, lines.length)
          }
        }
        for (const share of [1 / 3, 2 / 3]) {
          const process = started()
          const url = await ingressOf(process)
          const sending = send(url, lines.length * share)
          await process.said('egress: records published')
          await sending
          const lost = post(url, lines.slice(acknowledged, acknowledged + BATCH_LINES)).catch(() => undefined)
          process.kill('SIGKILL')
          await lost
          expect(await process.ended).toMatchObject({ signal: 'SIGKILL' })
        }
        const last = started()
        await send(await ingressOf(last), lines.length)
        last.kill('SIGTERM')
        expect(await last.ended, last.stderr()).toEqual({ code: 0, signal: null })
        expect(await streamvane(['run', '--until-caught-up'], { env })).toMatchObject({ code: 0 })

        const registry = new SchemaRegistry({ host: registryUrl })
        const valueOf = async ({ value }: ForeignRecord): Promise<RowLine> =>
          (format === 'avro' ? await registry.decode(value ?? Buffer.alloc(0)) : JSON.parse(String(value))) as RowLine
        for (const family of ['queue', 'agent'] as const) {
          const records = await consoleConsume({ brokers, tools, topic: `${prefix}-${family}` })
          const rows = await Promise.all([...lastRecords(records).values()].map(valueOf))
          expect(rowsText(rows, family)).toEqual(truthText(truth, family))
          expect(namesOf(records)).toEqual(await namesInLog(env.STREAMVANE_DATA, prefix, family))
        }
      }, 120_000)
    })
  },
)
