import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Resources } from './resources.js'

/** A line of the log of `streamvane run`. */
type LogLine = Readonly<{ msg?: string; url?: string; records?: number; rows?: number; kafka?: object }>

export type Ended = Readonly<{ code: number | null; signal: NodeJS.Signals | null }>

const LINES_KEPT = 15

/** A process of `streamvane run`, watched by its log. */
export class StageProcess {
  readonly pid: number
  readonly startedMs = Date.now()
  readonly ended: Promise<Ended>
  /** How many records this process has published, or rows it has appended, so far. */
  done = 0
  url: string | undefined
  private readonly send: (signal: NodeJS.Signals) => void
  private readonly lastLines: string[] = []
  private watchers = new Set<() => void>()
  private end: Ended | undefined

  /** `args` are those of node. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>>, resources: Resources) {
    const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.pid = child.pid ?? NaN
    this.send = (signal) => void child.kill(signal)
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.end = { code: code as number | null, signal: signal as NodeJS.Signals | null }
      this.changed()
      return this.end
    })
    resources.add(async () => {
      child.kill('SIGKILL')
      await this.ended
    })
    createInterface({ input: child.stderr }).on('line', (line) => this.read(line))
  }

  kill(signal: NodeJS.Signals): void {
    this.send(signal)
  }

  /** Resolves with whether `condition` came true within `limitMs`. Throws if the process ends before. */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const deadline = Date.now() + limitMs
    while (!condition()) {
      if (this.end !== undefined) throw new Error(this.report(`process ${this.pid} ended too early`))
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) return false
      await this.change(leftMs)
    }
    return true
  }

  /** As `until`, but throws at the limit and says what was waited for. */
  async must(what: string, condition: () => boolean, limitMs: number): Promise<void> {
    if (!(await this.until(condition, limitMs)))
      throw new Error(this.report(`process ${this.pid} did not ${what} within ${limitMs / 1_000} s`))
  }

  /** Sends a signal after which the process ends. Throws with the end of its log if it goes on past the limit. */
  async endBy(signal: NodeJS.Signals, limitMs: number): Promise<Ended> {
    this.kill(signal)
    const ended = await Promise.race([this.ended, pause(limitMs, undefined, { ref: false })])
    if (ended !== undefined) return ended
    throw new Error(this.report(`process ${this.pid} did not end within ${limitMs / 1_000} s of ${signal}`))
  }

  /** `problem`, and the end of the log of this process. */
  report(problem: string): string {
    const end = this.end === undefined ? '' : ` (exit code ${this.end.code}, signal ${this.end.signal})`
    return `${problem}${end}; the end of its log:\n${this.lastLines.join('\n')}`
  }

  private read(line: string): void {
    const { msg, url, records, rows, kafka } = line.startsWith('{') ? (JSON.parse(line) as LogLine) : {}
    if (kafka === undefined) this.lastLines.push(line)
    if (this.lastLines.length > LINES_KEPT) this.lastLines.shift()
    if (msg === 'ingress: listening') this.url = url
    if (msg === 'egress: records published') this.done = records ?? this.done
    if (msg === 'projector: rows appended') this.done = rows ?? this.done
    this.changed()
  }

  private change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        clearTimeout(timer)
        this.watchers.delete(watcher)
        resolve()
      }
      const timer = setTimeout(watcher, limitMs)
      this.watchers.add(watcher)
    })
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher()
  }
}
