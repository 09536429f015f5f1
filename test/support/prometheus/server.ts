import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { withFreePorts } from '../../../dev/local-kafka/ports.mjs'

/** An alert as `/api/v1/alerts` tells it. */
export type FiredAlert = Readonly<{
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  state: 'pending' | 'firing'
}>

export type PrometheusOptions = Readonly<{
  /** Configuration and data are written there. */
  folder: string
  /** The rules, as YAML. */
  rules: string
  /** Targets by the name of their job: `host:port`. Scraped every two seconds, and given up after two. */
  jobs: Readonly<Record<string, readonly string[]>>
}>

export type Prometheus = Readonly<{
  alerts: () => Promise<readonly FiredAlert[]>
  /** Values of the series that an expression selects now. */
  query: (expression: string) => Promise<readonly number[]>
  /** Ends when the process has. */
  stop: () => Promise<void>
}>

/** A Prometheus of its own on a free port of this machine. It evaluates rules every second. */
export const startPrometheus = async ({ folder, rules, jobs }: PrometheusOptions): Promise<Prometheus> => {
  const [rulesFile, configFile] = [join(folder, 'rules.yaml'), join(folder, 'prometheus.json')]
  await writeFile(rulesFile, rules)
  const scraped = Object.entries(jobs).map(([name, targets]) => ({
    ...{ job_name: name, scrape_interval: '2s', scrape_timeout: '2s' },
    static_configs: [{ targets }],
  }))
  // JSON is YAML.
  const config = { global: { evaluation_interval: '1s' }, rule_files: [rulesFile], scrape_configs: scraped }
  await writeFile(configFile, JSON.stringify(config))
  return withFreePorts(1, async ([port]) => started(`127.0.0.1:${port}`, configFile, join(folder, 'data')))
}

/** Resolves once Prometheus says that it answers; throws what it said if it ends before. */
const isReady = async (stderr: Readable): Promise<void> => {
  const said: string[] = []
  const lines = createInterface({ input: stderr })
  for await (const line of lines) {
    said.push(line)
    if (line.includes('Server is ready to receive web requests')) {
      lines.close()
      stderr.resume()
      return
    }
  }
  throw new Error(`Prometheus ended: ${said.join('\n')}`)
}

const started = async (address: string, configFile: string, data: string): Promise<Prometheus> => {
  const child = spawn(
    'prometheus',
    [`--config.file=${configFile}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${address}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  await isReady(child.stderr)
  const api = async <Data>(path: string): Promise<Data> => {
    const response = await fetch(`http://${address}/api/v1/${path}`)
    const answer = (await response.json()) as Readonly<{ status: string; data: Data }>
    if (answer.status !== 'success') throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return answer.data
  }
  return {
    alerts: async () => (await api<Readonly<{ alerts: readonly FiredAlert[] }>>('alerts')).alerts,
    query: async (expression) => {
      type Vector = Readonly<{ result: readonly Readonly<{ value: readonly [at: number, value: string] }>[] }>
      const { result } = await api<Vector>(`query?query=${encodeURIComponent(expression)}`)
      return result.map(({ value: [, value] }) => Number(value))
    },
    stop,
  }
}
