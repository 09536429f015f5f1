import { describe, expect, onTestFinished, test } from 'vitest'
import type { HealthReport } from '../../src/app/pipeline/health.js'
import { startHealthServer } from '../../src/http/health-server.js'
import { answerOf, served } from './served.js'

const since = '2026-01-05T10:00:00.000Z'
const well = { state: 'running', since, troubles: [], alarms: [], behindMs: 0 } as const
const lost = { ...well, troubles: [{ trouble: 'destination-unreachable', since }], behindMs: 90_000 } as const

const SERVERS = {
  'the ingress': async (health: () => HealthReport) => (await served({ health, token: 'a-token-of-the-ingress' })).url,
  'a process without an ingress': async (health: () => HealthReport) => {
    const server = await startHealthServer({ host: '127.0.0.1', port: 0, health, isDraining: () => false })
    onTestFinished(() => server.close())
    return server.url
  },
}

describe.each(Object.entries(SERVERS))('health of %s', (_, serve) => {
  test.each([
    ['/livez', '/readyz'],
    ['/health/live', '/health/ready'],
  ])(
    'at %s and %s, without a token: 200 while the work moves, else 503 with what does not move, and since when',
    async (livePath, readyPath) => {
      let report: HealthReport = { ready: true, stages: { ingress: well }, log: { kind: 'well' } }
      const url = await serve(() => report)
      const [live, ready] = [url + livePath, url + readyPath]
      expect(await answerOf(fetch(live))).toMatchObject({ status: 200, body: { live: true } })
      expect(await answerOf(fetch(ready))).toMatchObject({
        status: 200,
        body: { ready: true, stages: { ingress: well }, log: 'well' },
      })
      report = {
        ready: false,
        stages: { ingress: well, egress: lost },
        log: { kind: 'stalled', since, reads: ['acme.'] },
      }
      expect(await answerOf(fetch(ready))).toMatchObject({
        status: 503,
        body: { ready: false, stages: { egress: lost }, log: `stalled since ${since}` },
      })
      expect((await fetch(live)).status).toBe(200)
      report = { ...report, log: { kind: 'well' } }
      expect((await fetch(`${ready}/ingress`)).status).toBe(200)
      expect((await fetch(`${ready}/egress`)).status).toBe(503)
      expect(await answerOf(fetch(`${ready}/elsewhere`))).toMatchObject({
        status: 404,
        body: { detail: 'this process has no such stage; it has ingress, egress' },
      })
    },
  )
})

test('a process without an ingress that is stopping is not ready, says that it drains, and is live', async () => {
  let isStopping = false
  const server = await startHealthServer({
    ...{ host: '127.0.0.1', port: 0, isDraining: () => isStopping },
    health: () => ({ ready: true, stages: { egress: well }, log: { kind: 'well' } }),
  })
  onTestFinished(() => server.close())
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  isStopping = true
  expect(await answerOf(fetch(`${server.url}/readyz`))).toMatchObject({
    status: 503,
    body: { ready: false, draining: true, stages: { egress: well } },
  })
  expect((await fetch(`${server.url}/livez`)).status).toBe(200)
})
