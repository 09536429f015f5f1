import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { linesOf } from '../support/simulated-lines.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

describeKafka('a progress that is refused, and the command that resolves it', ({ brokers }) => {
  /** An installation whose rows are published. */
  const installed = async () => {
    const prefix = freshName('accept')
    const env = {
      STREAMVANE_TENANT: prefix,
      STREAMVANE_DATA: join(await scratchFolder(), 'data'),
      STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
      STREAMVANE_EGRESS__KAFKA__TOPICS__CONSOLIDATED: `${prefix}-rows`,
      STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}-progress`,
      KAFKA_BROKERS: brokers.join(','),
    }
    const run = (...args: readonly string[]) => streamvane(args, { env })
    const publish = () => run('run', '--only', 'projector', 'egress', '--until-caught-up')
    const accept = (code: string, ...more: readonly string[]) =>
      run('egress', 'accept', code, '--why', 'the test wants it', ...more)
    expect(await streamvane(['import', '-'], { env, stdin: linesOf(1) })).toMatchObject({ code: 0 })
    expect(await run('topics', 'apply')).toMatchObject({ code: 0 })
    expect(await publish()).toMatchObject({ code: 0 })
    const ids = async () => (await consumeAll(brokers, [`${prefix}-rows`])).map(({ headers }) => headers['ce_id'])
    return { prefix, run, publish, accept, ids }
  }

  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })
  const deleteTopic = async (topic: string): Promise<void> => {
    const admin = kafka.admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [topic] })
    while ((await admin.listTopics()).includes(topic));
    await admin.disconnect()
  }

  test('the progress topic was deleted: named, created again, still refused, and accepted by one command', async () => {
    const { prefix, run, publish, accept, ids } = await installed()
    const before = await ids()
    await deleteTopic(`${prefix}-progress`)
    expect(await publish()).toMatchObject({ code: 4, stderr: expect.stringContaining('streamvane topics apply') })
    expect(await run('topics', 'apply')).toMatchObject({ code: 0 })
    expect(await publish()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('streamvane egress accept progress-missing --why'),
    })
    const dry = await accept('progress-missing', '--dry-run')
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`would publish ${before.length} rows of g1: all`),
    })
    expect(await publish()).toMatchObject({ code: 4 })
    expect(await accept('progress-missing')).toMatchObject({ code: 0 })
    expect(await publish()).toMatchObject({ code: 0 })
    // All rows once more, under the ids that they had.
    expect((await ids()).toSorted()).toEqual([...before, ...before].toSorted())
    expect(await publish()).toMatchObject({ code: 0 })
  }, 180_000)

  test('the row topic was deleted and created again: accepted, what follows is published and nothing that was passed over', async () => {
    const { prefix, run, publish, accept, ids } = await installed()
    await deleteTopic(`${prefix}-rows`)
    expect(await run('topics', 'apply')).toMatchObject({ code: 0 })
    expect(await publish()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('streamvane egress accept topic-recreated --why'),
    })
    expect(await accept('progress-missing')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('accept topic-recreated'),
    })
    expect(await accept('topic-recreated', '--json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"rows":0'),
    })
    expect(await publish()).toMatchObject({ code: 0 })
    expect(await ids()).toEqual([])
  }, 180_000)

  test('another cluster answers at the address: refused before anything is written, and accepted', async () => {
    const { prefix, publish, accept, ids } = await installed()
    const before = await ids()
    const [progress] = (await consumeAll(brokers, [`${prefix}-progress`])).slice(-1)
    const record: unknown = JSON.parse(String(progress?.value))
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({
      topic: `${prefix}-progress`,
      messages: [
        { key: `streamvane.${prefix}.kafka`, value: JSON.stringify({ ...(record as object), clusterId: 'elsewhere' }) },
      ],
    })
    await producer.disconnect()
    expect(await publish()).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(
        /written on cluster elsewhere.*egress\.kafka\.brokers.*egress accept other-cluster/,
      ),
    })
    expect(await accept('other-cluster')).toMatchObject({ code: 0 })
    expect(await publish()).toMatchObject({ code: 0 })
    expect(await ids()).toEqual(before)
  }, 180_000)
})
