import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import kafkajs from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Consumer } from '../bounce/consumer.js'
import { Ledger, type Verdict } from '../bounce/ledger.js'
import { Resources } from '../bounce/resources.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { pythonFor } from '../support/python.js'

/** It takes a minute; a machine that does much else takes several. */
const LIMIT_MS = 480_000

const FIRST = { generation: 'g1', key: 'queue/a', revision: 1 }
const SECOND = { ...FIRST, revision: 2 }
const THIRD = { ...FIRST, revision: 3 }

describeKafka('the bounce test', ({ brokers, tools, required }) => {
  const python = pythonFor(required)
  if (python === undefined) return

  describe.skipIf(tools.via === 'nothing')('with a broker of its own', () => {
    test(
      'its short form finds nothing lost, doubled, reordered or altered',
      async () => {
        const program = join(import.meta.dirname, '../bounce/main.ts')
        const child = spawn(process.execPath, ['--import', 'tsx', program, '--short'], {
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        onTestFinished(() => void child.kill('SIGTERM'))
        // It cleans up and has said by then how far it came.
        const limit = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS)
        const [report, steps, [code]] = await Promise.all([
          text(child.stdout),
          text(child.stderr),
          once(child, 'close'),
        ])
        clearTimeout(limit)
        console.log(report)
        expect(code, steps).toBe(0)
      },
      LIMIT_MS + 60_000,
    )
  })

  /** What the consumer and the ledger of the bounce test say of records that anybody published. */
  const verdictOn = async (published: readonly (typeof FIRST)[], aborted: readonly (typeof FIRST)[] = []) => {
    const [topic, resources, ledger] = [freshName('bounce'), new Resources(), new Ledger()]
    onTestFinished(() => resources.end())
    const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    await admin.disconnect()
    const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (const [rows, end] of [
      [aborted, 'abort'],
      [published, 'commit'],
    ] as const) {
      if (rows.length === 0) continue
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: rows.map(recordOf) })
      await transaction[end]()
    }
    await producer.disconnect()
    const consumer = new Consumer({ python, brokers, topics: [topic] }, ledger, resources)
    await consumer.untilReady()
    await consumer.finish()
    // SHA-256 of the byte 2: the value without the frame of the registry.
    const digest = 'dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986'
    return ledger.verdict(
      new Map([FIRST, SECOND, THIRD].map((row) => [`${row.generation}/${row.key}/${row.revision}`, digest])),
    )
  }

  const recordOf = ({ generation, key, revision }: typeof FIRST) => ({
    key: 'a',
    value: Buffer.from([0, 0, 0, 0, 1, 2]),
    headers: {
      ce_subject: key,
      'streamvane-generation': generation,
      'streamvane-row-revision': String(revision),
    },
  })

  const NOTHING: Verdict = { lost: [], doubled: [], reordered: [], altered: [], unknown: [] }

  test.each<[string, readonly (typeof FIRST)[], Verdict]>([
    ['nothing where there is none', [FIRST, SECOND, THIRD], NOTHING],
    ['a row that is published twice', [FIRST, SECOND, THIRD, SECOND], { ...NOTHING, doubled: ['g1/queue/a/2'] }],
    ['a row that is left out', [FIRST, THIRD], { ...NOTHING, lost: ['g1/queue/a/2'] }],
    ['two rows that change places', [FIRST, THIRD, SECOND], { ...NOTHING, reordered: ['g1/queue/a/2'] }],
  ])('its consumer finds on a real topic %s', async (_, published, verdict) => {
    expect(await verdictOn(published)).toEqual(verdict)
  })

  test('its consumer does not see the rows of an aborted transaction', async () => {
    expect(await verdictOn([FIRST, SECOND, THIRD], [FIRST, SECOND])).toEqual(NOTHING)
  })
})
