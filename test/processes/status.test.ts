import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { StatusReport } from '../../src/app/operations/status/report.js'
import { simulate } from '../../src/simulator/simulate.js'
import { nodeArguments } from '../support/command/arguments.js'
import { ingressOf, running, scratchFolder, streamvane } from '../support/streamvane.js'

const stagesOf = (stdout: string): Readonly<Record<string, StatusReport['stages'][number]>> =>
  Object.fromEntries((JSON.parse(stdout) as StatusReport).stages.map((stage) => [stage.stage, stage]))

test('status tells of work that nobody does, of a running process, of a pipe that watches, and of a broker that is away', async () => {
  const data = await scratchFolder()
  const env = { STREAMVANE_DATA: data, STREAMVANE_INGRESS__PORT: '0' }
  const fresh = await streamvane(['status'], { env })
  expect(fresh).toMatchObject({ code: 0, stderr: '' })
  expect(fresh.stdout).toContain('streamvane import FILE')

  const events = join(data, 'events.ndjson')
  const simulation = simulate({ seed: 4, fromMs: Date.UTC(2026, 0, 5, 6), hours: 1, queues: 2, agents: 6 })
  await writeFile(events, [...simulation].map(({ line }) => `${line}\n`).join(''))
  expect(await streamvane(['import', events], { env })).toMatchObject({ code: 0 })
  const imported = await streamvane(['status', '--json'], { env })
  expect(imported.code).toBe(5)
  expect(stagesOf(imported.stdout)['projector']).toMatchObject({ state: 'stalled', mend: 'streamvane run' })

  expect(await streamvane(['run', '--until-caught-up'], { env })).toMatchObject({ code: 0 })
  const caughtUp = await streamvane(['status', '--json'], { env })
  expect(caughtUp.code).toBe(0)
  expect(stagesOf(caughtUp.stdout)).toMatchObject({
    projector: { state: 'idle', lagEvents: 0 },
    egress: { state: 'idle', lagEvents: 0 },
  })

  const run = running(['run'], env)
  await ingressOf(run)
  const beside = await streamvane(['status', '--json'], { env })
  expect(stagesOf(beside.stdout)['ingress']).toMatchObject({ state: 'working', process: { pid: run.pid } })

  const watching = spawn(process.execPath, [...nodeArguments(), 'status', '--watch', '--every', '1'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void watching.kill('SIGKILL'))
  const reports: StatusReport[] = []
  for await (const line of createInterface({ input: watching.stdout })) {
    reports.push(JSON.parse(line) as StatusReport)
    if (reports.length === 1) run.kill('SIGTERM')
    if (reports.length > 1 && reports.at(-1)?.stages[0]?.process === null) watching.kill('SIGTERM')
  }
  expect(reports[0]?.stages[0]?.process).toMatchObject({ pid: run.pid })
  expect(watching.exitCode ?? (await once(watching, 'exit'))[0]).toBe(0)

  const noBroker = { ...env, KAFKA_BROKERS: '127.0.0.1:1', STREAMVANE_EGRESS__KAFKA__FORMAT: 'json' }
  const away = await streamvane(['status', '--json'], { env: noBroker })
  expect(away.code).toBe(5)
  expect(stagesOf(away.stdout)['egress']).toMatchObject({ state: 'unreachable' })
})
