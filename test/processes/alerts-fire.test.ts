import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newToken } from '../../src/http/admin/access/tokens.js'
import { simulate } from '../../src/simulator/simulate.js'
import { describePrometheus } from '../support/prometheus/programs.js'
import { startPrometheus, type FiredAlert, type Prometheus } from '../support/prometheus/server.js'
import { shortened } from '../support/prometheus/shortened.js'
import { ingressOf, launched, post, type Running } from '../support/streamvane.js'

const RULES = readFileSync(join(import.meta.dirname, '../../deploy/prometheus/streamvane.rules.yaml'), 'utf8')
const HURRIED = join(import.meta.dirname, '../support/prometheus/hurried-child.ts')
/** For a machine that does much else; an alert comes within a few seconds. */
const WITHIN = { timeout: 60_000, interval: 200 }

/** A receiver of webhooks that takes everything, or keeps its senders waiting until it is told to answer. */
const receiver = async () => {
  const held: ServerResponse[] = []
  let holds = false
  const server = createServer((request, response) => {
    request.resume().on('end', () => (holds ? held.push(response) : response.writeHead(200).end()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => void (holds = true),
    answer: () => {
      holds = false
      for (const response of held.splice(0)) response.writeHead(200).end()
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

// A minute lasts a second here: the clock of the process runs sixty times as fast, and of the rules that are shipped
// each `for` and each range is a sixtieth as long. Their thresholds stay.
describePrometheus('a real Prometheus that scrapes a real process and has the rules that are shipped', () => {
  const lines = [...simulate({ seed: 3, fromMs: Date.parse('2026-01-05T09:00:00Z'), hours: 4, queues: 2, agents: 20 })]
  let sent = 0
  const { token, sha256 } = newToken()
  let folder: string
  let hooks: Awaited<ReturnType<typeof receiver>>
  let run: Running
  let ingress: string
  let admin: string
  let prometheus: Prometheus

  const send = (events: number): Promise<void> =>
    post(
      ingress,
      lines.slice(sent, (sent += events)).map(({ line }) => line),
    )
  const steer = async (what: 'pause' | 'resume'): Promise<void> => {
    const url = `${admin}/v1/tenants/default/stages/projector/${what}`
    const { status } = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
    expect(status).toBe(200)
  }
  const found = async (name: string, stage?: string): Promise<FiredAlert | undefined> =>
    (await prometheus.alerts()).find(
      ({ labels }) => labels['alertname'] === name && (stage === undefined || labels['stage'] === stage),
    )
  const fires = (name: string, stage?: string): Promise<void> =>
    expect.poll(async () => (await found(name, stage))?.state, WITHIN).toBe('firing')
  const isOver = (name: string, stage?: string): Promise<void> =>
    expect.poll(() => found(name, stage), WITHIN).toBeUndefined()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamvane-alerts-'))
    hooks = await receiver()
    const config = join(folder, 'streamvane.json')
    const sink = { name: 'hooks', use: 'webhooks', url: hooks.url, signingKeys: { env: 'HOOKS_KEY' } }
    const settings = {
      ...{ data: join(folder, 'streamvane'), clock: { mode: 'event-time' }, ingress: { port: 0 } },
      admin: { port: 0, tokens: [{ name: 'test', roles: ['operator'], tenants: ['default'], sha256 }] },
      // No answer is waited for to the end of a test; without it the egress makes no progress.
      egress: { sinks: [{ ...sink, timeoutMs: 600_000 }] },
    }
    await writeFile(config, JSON.stringify(settings))
    const env = { HOOKS_KEY: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }
    run = launched(['run', '--config', config], env, HURRIED)
    admin = (JSON.parse(await run.said('admin: listening')) as { url: string }).url
    ingress = await ingressOf(run)
    const jobs = { streamvane: [new URL(ingress).host] }
    prometheus = await startPrometheus({ folder, rules: shortened(RULES), jobs })
  }, 120_000)

  afterAll(async () => {
    run?.kill('SIGKILL')
    await Promise.all([prometheus?.stop(), run?.ended])
    hooks?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })

  test('has each time of the rules shortened', () => {
    expect(shortened(RULES)).not.toMatch(/for: \d+[mhd]|\[\d+[mhd]/)
  })

  test('finds nothing wrong with stages that work', async () => {
    await send(300)
    await expect.poll(() => prometheus.query('streamvane_published_records_total > 0'), WITHIN).toHaveLength(1)
    expect(await prometheus.query('up')).toEqual([1])
    for (const name of ['StreamvaneStageStalled', 'StreamvaneStageLagging', 'StreamvaneProcessDown'])
      expect(await found(name)).toBeUndefined()
  })

  test('an egress whose receiver answers no more fires StreamvaneStageStalled, which is over once it answers', async () => {
    hooks.hold()
    await send(300)
    await fires('StreamvaneStageStalled', 'egress')
    expect((await found('StreamvaneStageStalled'))?.annotations).toMatchObject({
      summary: 'Streamvane: stage egress does not move',
      runbook_url: expect.stringContaining('/docs/runbooks/StreamvaneStageStalled.md') as string,
    })
    expect(await found('StreamvaneStageStalled', 'projector')).toBeUndefined()
    hooks.answer()
    await isOver('StreamvaneStageStalled', 'egress')
  })

  test('a projector that is paused while events come fires StreamvaneStageLagging, which is over once it has caught up', async () => {
    await steer('pause')
    await send(300)
    await fires('StreamvaneStageLagging', 'projector')
    expect(await found('StreamvaneStageLagging', 'egress')).toBeUndefined()
    expect(await prometheus.query('streamvane_stage_lag_events{stage="projector"} >= 300')).toHaveLength(1)
    await steer('resume')
    await isOver('StreamvaneStageLagging', 'projector')
  })

  test('a process that is stopped where it stands fires StreamvaneProcessDown, which is over once it goes on', async () => {
    run.kill('SIGSTOP')
    await fires('StreamvaneProcessDown')
    run.kill('SIGCONT')
    await isOver('StreamvaneProcessDown')
  })
})
