import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Feed } from '../bounce/feed.js'
import { Resources } from '../bounce/resources.js'
import { StageProcess } from '../bounce/stage-process.js'
import { nodeArguments } from './command/arguments.js'
import { scratchFolder, streamvane, type Outcome } from './streamvane.js'

const LISTEN_LIMIT_MS = 60_000

/** An installation whose KPI log holds rows, and whose only sink is the one of the test. */
export type GrownLog = Readonly<{
  /** The data folder. */
  data: string
  /** Runs a command of this installation to its end. */
  ran: (...args: readonly string[]) => Promise<Outcome>
  /** Starts `run` with these arguments; its process is killed when the test ends. */
  started: (...args: readonly string[]) => StageProcess
}>

/**
 * Grows a KPI log of at least `rows` row revisions while events come in, so that many rows are restated: a log that is
 * worked off at once would hold little more than the last revision of each row. `egress` is the configuration of it.
 */
export const grownLog = async (
  rows: number,
  egress: Readonly<Record<string, unknown>>,
  {
    seed = 1,
    env = {},
    size,
  }: Readonly<{
    seed?: number
    env?: Readonly<Record<string, string>>
    size?: Readonly<{ queues: number; agents: number }> | undefined
  }> = {},
): Promise<GrownLog> => {
  const dir = await scratchFolder()
  const resources = new Resources()
  onTestFinished(() => resources.end())
  const [data, config] = [join(dir, 'data'), join(dir, 'streamvane.json')]
  const settings = { data, logLevel: 'debug', health: { port: 0 }, clock: { mode: 'event-time' }, egress }
  await writeFile(config, JSON.stringify(settings))
  const environment = { PATH: process.env['PATH'] ?? '', HOME: dir, STREAMVANE_CONFIG: config, ...env }
  const started = (...args: readonly string[]): StageProcess =>
    new StageProcess([...nodeArguments(), 'run', ...args], environment, resources)

  const stages = started('--only', 'ingress,projector', '--port', '0')
  await stages.must('listen', () => stages.url !== undefined, LISTEN_LIMIT_MS)
  await new Feed(stages, seed, size).growTo(rows)
  stages.kill('SIGTERM')
  const { code } = await stages.ended
  if (code !== 0) throw new Error(stages.report('ingress and projector did not end in order'))
  return { data, started, ran: (...args) => streamvane(args, { env: environment }) }
}
