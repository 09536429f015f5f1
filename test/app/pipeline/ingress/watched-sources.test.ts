import { expect, test } from 'vitest'
import { healthOf } from '../../../../src/app/pipeline/health.js'
import { SourceRefused, type Source, type SourceEnd, type SourceHealth } from '../../../../src/ingress/source.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { NOON, running, sourceOf } from '../running.js'

/** A source that reads from another system and is as the test says. */
const remote = (name: string) => {
  let health: SourceHealth = { state: 'connecting', since: NOON }
  let end!: (end: SourceEnd) => void
  const ended = new Promise<SourceEnd>((resolve) => (end = resolve))
  const source: Source = {
    name,
    start: async () => ({ ended, health: () => health, close: async () => end({ kind: 'closed' }) }),
  }
  return {
    source,
    is: (next: SourceHealth) => (health = next),
    fail: (cause: unknown) => end({ kind: 'failed', cause }),
  }
}
const refused = new SourceRefused('sources.0.queue: there is no queue calls')
const started = async ({ stage }: ReturnType<typeof running>): Promise<void> => {
  while (stage('ingress').state().kind !== 'running') await new Promise((resolve) => setImmediate(resolve))
}
const healthNow = ({ stages }: ReturnType<typeof running>) => healthOf(stages, { kind: 'well' }, NOON)

test('health tells of each source its state, since when, and its lag, and no causes', async () => {
  const queue = remote('queue')
  const pipeline = running(memoryLog(), ['ingress'], { sources: [sourceOf(), queue.source] }, 'off')
  await started(pipeline)
  queue.is({ state: 'connected', since: NOON, lag: { events: 7, seconds: 3 }, problem: 'host db.internal refused' })
  const since = new Date(NOON).toISOString()
  expect(healthNow(pipeline).stages['ingress']).toMatchObject({
    sources: { queue: { state: 'connected', since, lag: { events: 7, seconds: 3 } } },
    alarms: [],
  })
  expect(JSON.stringify(healthNow(pipeline))).not.toContain('db.internal')
  await pipeline.stop()
})

test('a source that is away raises an alarm and leaves the process ready: its HTTP ingress works', async () => {
  const queue = remote('queue')
  const pipeline = running(memoryLog(), ['ingress'], { sources: [sourceOf(), queue.source] }, 'off')
  await started(pipeline)
  expect(healthNow(pipeline).stages['ingress']?.alarms).toEqual([])
  queue.is({ state: 'connecting', since: NOON, problem: 'ECONNREFUSED' })
  expect(healthNow(pipeline)).toMatchObject({
    ready: true,
    stages: { ingress: { alarms: [{ alarm: 'source-away' }] } },
  })
  await pipeline.stop()
})

test('a source that is refused ends alone: the others go on, and health says so', async () => {
  const [queue, topic] = [remote('queue'), remote('topic')]
  const pipeline = running(memoryLog(), ['ingress'], { sources: [queue.source, topic.source] }, 'off')
  await started(pipeline)
  queue.fail(refused)
  while (healthNow(pipeline).stages['ingress']?.alarms.length === 0)
    await new Promise((resolve) => setImmediate(resolve))
  expect(healthNow(pipeline)).toMatchObject({
    ready: true,
    stages: {
      ingress: { sources: { queue: { state: 'ended' }, topic: {} }, alarms: [{ alarm: 'source-ended' }] },
    },
  })
  await pipeline.stop()
})

test('the ingress ends as refused, with the source and the reason, when no source is left', async () => {
  const queue = remote('queue')
  const pipeline = running(memoryLog(), ['ingress'], { sources: [queue.source] }, 'off')
  await started(pipeline)
  queue.fail(refused)
  expect(await pipeline.ended).toEqual({
    kind: 'refused',
    reason: 'source queue: sources.0.queue: there is no queue calls',
  })
})

test('a source without health that fails, as the HTTP server, ends the ingress', async () => {
  const cause = new Error('EMFILE')
  let fail!: () => void
  const http: Source = {
    name: 'http',
    start: async () => ({
      ended: new Promise((resolve) => (fail = () => resolve({ kind: 'failed', cause }))),
      close: async () => {},
    }),
  }
  const pipeline = running(memoryLog(), ['ingress'], { sources: [http, remote('queue').source] }, 'off')
  await started(pipeline)
  fail()
  expect(await pipeline.ended).toEqual({ kind: 'failed', cause })
})
