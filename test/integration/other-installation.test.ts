import { join } from 'node:path'
import { expect, test } from 'vitest'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { linesOf } from '../support/simulated-lines.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

describeKafka('two installations and one destination', ({ brokers }) => {
  test('another data folder of the tenant is refused before it disturbs the first; accepted, all its rows are published', async () => {
    const prefix = freshName('installation')
    const env = {
      STREAMVANE_TENANT: prefix,
      STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
      STREAMVANE_EGRESS__KAFKA__TOPICS__CONSOLIDATED: `${prefix}-rows`,
      STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}-progress`,
      KAFKA_BROKERS: brokers.join(','),
    }
    const installation = async (seed: number) => {
      const data = join(await scratchFolder(), 'data')
      const run = (...args: readonly string[]) => streamvane([...args, '--data', data], { env })
      expect(await streamvane(['import', '--data', data, '-'], { env, stdin: linesOf(seed) })).toMatchObject({
        code: 0,
      })
      return { publish: (...more: readonly string[]) => run('run', '--until-caught-up', ...more) }
    }
    const published = async (): Promise<readonly string[]> =>
      (await consumeAll(brokers, [`${prefix}-rows`])).map(({ key, revision }) => `${key} ${revision}`)
    expect(await streamvane(['topics', 'apply'], { env })).toMatchObject({ code: 0 })

    const [first, second] = [await installation(1), await installation(2)]
    expect(await first.publish()).toMatchObject({ code: 0 })
    const before = await published()
    expect(before.length).toBeGreaterThan(0)
    const refused = await second.publish()
    expect(refused).toMatchObject({ code: 4 })
    expect(refused.stderr).toContain('--accept-progress other-log')
    expect(await published()).toEqual(before)
    expect(await first.publish()).toMatchObject({ code: 0 })
    expect(await published()).toEqual(before)

    expect(await second.publish('--accept-progress', 'other-log')).toMatchObject({ code: 0 })
    const after = await published()
    expect(after.length).toBeGreaterThan(before.length)
    expect(await second.publish()).toMatchObject({ code: 0 })
    expect(await published()).toEqual(after)
  })
})
