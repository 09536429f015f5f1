import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Ledger, SeenRow } from './ledger.js'
import type { Resources } from './resources.js'

/** A line of consumer.py. */
type ReadRecord = Readonly<{
  arrivedMs: number
  publishedMs: number
  headers: Readonly<Record<string, string>>
  digest: string | null
}>

const FINISH_LIMIT_MS = 60_000

export type ConsumerOptions = Readonly<{
  python: string
  brokers: readonly string[]
  topics: readonly string[]
  only?: string
}>

/** The foreign consumer, whose rows go to the ledger. */
export class Consumer {
  /** The first row that was published after a moment, for those who wait for it. */
  private waiting: { afterMs: number; arrived: (row: SeenRow) => void }[] = []
  private readonly child: ReturnType<typeof spawn>
  private readonly closed: Promise<number | null>
  private readonly ready: Promise<void>

  /** `only`: rows whose key holds this text, by default all. */
  constructor(
    { python, brokers, topics, only = '' }: ConsumerOptions,
    ledger: Pick<Ledger, 'add'>,
    resources: Resources,
  ) {
    const program = join(import.meta.dirname, 'consumer.py')
    const args = ['-u', program, '--brokers', brokers.join(','), '--topics', topics.join(','), '--only', only]
    const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.child = child
    child.stdin.on('error', () => undefined) // it may have ended
    const lines = createInterface({ input: child.stdout })
    this.closed = Promise.all([once(child, 'close'), once(lines, 'close')]).then(([[code]]) => code as number | null)
    resources.add(async () => {
      child.kill('SIGKILL')
      await this.closed
    })
    this.ready = new Promise((resolve, reject) => {
      void this.closed.then((code) => reject(new Error(`the consumer ended with code ${code}`)))
      lines.on('line', (line) => {
        const read = JSON.parse(line) as ReadRecord | { ready: number }
        if ('ready' in read) return resolve()
        const row = rowOf(read)
        if (row === undefined) return
        ledger.add(row)
        this.tell(row)
      })
    })
    this.ready.catch(() => undefined) // met by `untilReady`
  }

  untilReady(): Promise<void> {
    return this.ready
  }

  /** The first row to arrive that was published after this moment; it may never come. */
  firstPublishedAfter(afterMs: number): Promise<SeenRow> {
    return new Promise((arrived) => this.waiting.push({ afterMs, arrived }))
  }

  /** Reads on to the present end of all partitions; resolves when every row before it was counted. */
  async finish(): Promise<void> {
    this.child.stdin?.write('finish\n')
    const limit = setTimeout(() => this.child.kill('SIGKILL'), FINISH_LIMIT_MS)
    const code = await this.closed
    clearTimeout(limit)
    if (code !== 0) throw new Error(`the consumer did not come to the end of the topics: it ended with code ${code}`)
  }

  private tell(row: SeenRow): void {
    this.waiting = this.waiting.filter(({ afterMs, arrived }) => {
      if (row.publishedMs <= afterMs) return true
      arrived(row)
      return false
    })
  }
}

/** `undefined` for records that are no rows. */
const rowOf = ({ headers, digest, publishedMs, arrivedMs }: ReadRecord): SeenRow | undefined => {
  const revision = headers['streamvane-row-revision']
  if (revision === undefined) return undefined
  return {
    generation: headers['streamvane-generation'] ?? '',
    key: headers['ce_subject'] ?? '',
    revision: Number(revision),
    digest: digest ?? '',
    publishedMs,
    arrivedMs,
  }
}
