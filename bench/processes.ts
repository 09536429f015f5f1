import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const usageReport = join(import.meta.dirname, 'usage-report.mjs')
/** The compiled command; see `buildCommand`. */
export const command = join(root, 'dist', 'src', 'cli', 'main.js')

/** What a process took, from its start to its end. */
export type Used = Readonly<{ seconds: number; cpuSeconds: number; peakMb: number; stdout: string }>

export type RunOptions = Readonly<{ env?: Readonly<Record<string, string>>; fine?: readonly number[] }>

/** Compiles the command, as it is installed. Throws if it does not compile. */
export const buildCommand = (): void => {
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm run build ended with ${status}:\n${stdout}`)
}

/** Runs `streamvane …` to its end, in a process of its own, as the image runs it. */
export const streamvane = (args: readonly string[], options: RunOptions = {}): Promise<Used> =>
  measured(['--import', usageReport, command, ...args], options)

/** Runs a task of this folder to its end, in a process of its own: `streamvane` and its ceiling share no heap. */
export const task = async <A>(name: string, ...args: readonly string[]): Promise<A & Used> => {
  const file = join(import.meta.dirname, 'tasks', `${name}.ts`)
  const flags = ['--expose-gc', '--import', usageReport, '--import', 'tsx']
  const used = await measured([...flags, file, ...args], {})
  return { ...(JSON.parse(used.stdout) as A), ...used }
}

/** Runs node with these arguments to its end. Throws if it ends with a code that is not fine. */
export const measured = async (args: readonly string[], { env = {}, fine = [0] }: RunOptions): Promise<Used> => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-usage-'))
  const usageFile = join(dir, 'usage.json')
  try {
    const began = performance.now()
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, BENCH_USAGE_FILE: usageFile, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    const seconds = (performance.now() - began) / 1_000
    if (code === null || !fine.includes(code)) throw new Error(`node ${args.join(' ')} ended with ${code}:\n${stderr}`)
    return { seconds, ...usageIn(usageFile), stdout }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A process that did not load the report says nothing. */
const usageIn = (file: string): Pick<Used, 'cpuSeconds' | 'peakMb'> =>
  existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Pick<Used, 'cpuSeconds' | 'peakMb'>)
    : { cpuSeconds: NaN, peakMb: NaN }
