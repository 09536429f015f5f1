import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePorts } from '../../dev/local-kafka/ports.mjs'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { answeringAt } from '../support/answering-at.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { linesOf } from '../support/simulated-lines.js'
import { ingressOf, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

type Health = Readonly<{
  ready: boolean
  stages: Readonly<Record<string, Readonly<{ state: string; troubles: readonly Readonly<{ trouble: string }>[] }>>>
}>

describeKafka('a broker that is away', ({ brokers }) => {
  test('holds up the egress alone: events are taken in and rows computed, health says so, and it comes back by itself', async () => {
    const prefix = freshName('outage')
    const [port = 0] = await freePorts(1)
    const env = {
      STREAMVANE_TENANT: prefix,
      STREAMVANE_DATA: join(await scratchFolder(), 'data'),
      STREAMVANE_CLOCK__MODE: 'event-time',
      STREAMVANE_LOG_LEVEL: 'debug',
      STREAMVANE_EGRESS__RETRY__MAX_MS: '1000',
      STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
      STREAMVANE_EGRESS__KAFKA__TOPICS__CONSOLIDATED: `${prefix}-rows`,
      STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}-progress`,
    }
    const there = { ...env, KAFKA_BROKERS: brokers.join(',') }
    expect(await streamvane(['topics', 'apply'], { env: there })).toMatchObject({ code: 0 })

    const all = running(['run', '--port', '0'], { ...env, KAFKA_BROKERS: `127.0.0.1:${port}` })
    const url = await ingressOf(all)
    await all.said('egress kafka: lost, trying again until it is back')
    await post(url, linesOf(1).split('\n'))
    await all.said('projector: rows appended')
    const response = await fetch(new URL('/readyz', url))
    const { ready, stages } = (await response.json()) as Health
    expect(response.status).toBe(503)
    expect(ready).toBe(false)
    expect(stages['egress']).toMatchObject({ troubles: [{ trouble: 'destination-unreachable' }] })
    for (const stage of ['ingress', 'projector'])
      expect(stages[stage]).toMatchObject({ state: 'running', troubles: [] })

    await answeringAt(port, brokers[0] ?? '')
    await all.said('egress: delivers exactly once')
    await all.said('egress: records published')
    all.kill('SIGTERM')
    expect(await all.ended).toMatchObject({ code: 0 })
    expect((await consumeAll(brokers, [`${prefix}-rows`])).length).toBeGreaterThan(0)
  }, 120_000)
})
