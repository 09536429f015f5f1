import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { linesOf } from '../support/simulated-lines.js'
import { running, scratchFolder, streamvane, type Running } from '../support/streamvane.js'

describeKafka('two deployments with one transactional id', ({ brokers }) => {
  test('do not fence each other for ever: the second says who publishes, and takes over when it is told to', async () => {
    const prefix = freshName('deployments')
    const env = {
      STREAMVANE_TENANT: prefix,
      STREAMVANE_CLOCK__MODE: 'off',
      STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
      STREAMVANE_EGRESS__KAFKA__TOPICS__CONSOLIDATED: `${prefix}-rows`,
      STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}-progress`,
      KAFKA_BROKERS: brokers.join(','),
    }
    const folder = await scratchFolder()
    const [first, second] = [join(folder, 'one'), join(folder, 'two')]
    expect(await streamvane(['import', '--data', first, '-'], { env, stdin: linesOf(1) })).toMatchObject({ code: 0 })
    expect(await streamvane(['topics', 'apply'], { env })).toMatchObject({ code: 0 })
    expect(await streamvane(['run', '--until-caught-up', '--data', first], { env })).toMatchObject({ code: 0 })
    // A copy of a data folder is the same log to the progress, so only its liveness tells the two apart.
    await cp(first, second, { recursive: true })
    const egress = (data: string, ...more: readonly string[]): Running =>
      running(['run', '--only', 'egress', '--data', data, ...more], env)

    const publishing = egress(first)
    await publishing.said('egress: delivers exactly once')
    const refused = egress(second)
    expect(await refused.ended).toMatchObject({ code: 4 })
    expect(refused.stderr()).toMatch(
      new RegExp(`process ${publishing.pid} on .* publishes as streamvane\\.${prefix}\\.kafka since .*--take-over`),
    )

    const taking = egress(second, '--take-over')
    await taking.said('egress: delivers exactly once')
    expect(await publishing.ended).toMatchObject({ code: 3 })
    // What restarts the first one does not start a war.
    const restarted = egress(first)
    expect(await restarted.ended).toMatchObject({ code: 4 })
    expect(restarted.stderr()).toContain(`process ${taking.pid} on`)

    // A crash needs no command: the process is seen to be gone.
    taking.kill('SIGKILL')
    await taking.ended
    const successor = egress(first)
    await successor.said('egress: delivers exactly once')
    successor.kill('SIGTERM')
    expect(await successor.ended).toMatchObject({ code: 0 })
    const ids = (await consumeAll(brokers, [`${prefix}-rows`])).map(({ headers }) => headers['ce_id'])
    expect(ids.length).toBeGreaterThan(0)
    expect(new Set(ids).size).toBe(ids.length)
  }, 120_000)
})
