import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { ingressOf, jsonLines, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

test('an operator steers a real run over the API: with a token of the configuration and with that of the data folder; SIGTERM ends it with a job at work', async () => {
  const dir = await scratchFolder()
  const made = await streamvane(['admin', 'token', 'create', '--name', 'jane', '--role', 'operator', '--json'])
  const { token, entry } = JSON.parse(made.stdout) as { token: string; entry: object }
  const config = join(dir, 'streamvane.json')
  await writeFile(config, JSON.stringify({ admin: { port: 0, tokens: [entry] } }))
  const env = { STREAMVANE_DATA: join(dir, 'data'), STREAMVANE_CONFIG: config, STREAMVANE_OPERATOR: 'john' }
  const run = running(['run', '--port', '0', '--clock', 'event-time'], env)
  const { url } = JSON.parse(await run.said('admin: listening')) as { url: string }
  const ingress = await ingressOf(run)
  const lines = [...simulate({ seed: 9, fromMs: Date.UTC(2026, 0, 5, 6), hours: 3, queues: 2, agents: 20 })].map(
    ({ line }) => line,
  )
  await post(ingress, lines.slice(0, 1_000))

  const call = (...args: readonly string[]) => streamvane(['admin', 'call', ...args], { env })
  const remote = (...args: readonly string[]) =>
    streamvane(['admin', 'call', ...args, '--url', url], { env: { ...env, STREAMVANE_ADMIN_TOKEN: token } })
  const paused = await remote('pauseStage', 'stage=projector')
  expect(paused, paused.stderr).toMatchObject({ code: 0 })
  expect(JSON.parse(paused.stdout)).toMatchObject({ name: 'projector', state: 'paused' })
  expect(JSON.parse((await call('resumeStage', 'stage=projector')).stdout)).toMatchObject({ state: 'running' })
  expect(await remote('listAuditLog')).toMatchObject({ code: 4, stdout: '' })
  expect(await call('verifi')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('did you mean verify') as string,
  })
  const log = await call('listAuditLog', 'operation=pauseStage')
  expect(jsonLines(log.stdout)).toMatchObject([
    { operation: 'pauseStage', by: 'token:jane', via: 'api', result: 'done' },
  ])
  expect(jsonLines((await call('listAuditLog', 'operation=resumeStage')).stdout)).toMatchObject([
    { by: 'john', via: 'cli' },
  ])

  const rebuilt = await call('rebuild', 'promote=true', '--why', 'to see it')
  expect(rebuilt, rebuilt.stderr).toMatchObject({ code: 0 })
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({ generation: 'g2', before: 'g1', promoted: true })

  // The process is told to end while a job is at work: the job stops, and its end is recorded.
  await post(ingress, lines.slice(1_000))
  const started = await fetch(`${url}/v1/tenants/default/generations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(started.status).toBe(202)
  run.kill('SIGTERM')
  expect(await run.ended, run.stderr()).toEqual({ code: 0, signal: null })
  const rebuilds = await streamvane(['audit', 'log', '--operation', 'rebuild', '--json'], { env })
  const results = jsonLines<{ result: string }>(rebuilds.stdout).map(({ result }) => result)
  expect(results[0]).toBe('done')
  expect(['stopped', 'done']).toContain(results[1])
}, 120_000)
