import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'

export type PostOptions = Readonly<{
  url: string
  token: string | undefined
  lines: Iterable<string>
  /** Events per second; 0 is as fast as the ingress stores them. */
  rate: number
  signal: AbortSignal
}>

const BATCH_LINES = 500
const ATTEMPTS_MAX = 8
const BUSY = new Set([429, 503])

/**
 * Posts events as NDJSON to an ingress, in batches; the next one once the last one was acknowledged. Tries again while
 * the ingress is busy. Resolves with the number of events.
 */
export const postLines = async ({ url, token, lines, rate, signal }: PostOptions): Promise<number> => {
  const target = new URL('/v1/events', url)
  const batchLines = rate === 0 ? BATCH_LINES : Math.max(1, Math.min(BATCH_LINES, Math.ceil(rate / 10)))
  const began = performance.now()
  let posted = 0
  let batch: string[] = []
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    await postBatch(target, token, `${batch.join('\n')}\n`)
    posted += batch.length
    batch = []
    if (rate > 0) await sleep(Math.max(0, (posted / rate) * 1_000 - (performance.now() - began)))
  }
  for (const line of lines) {
    if (signal.aborted) return posted
    batch.push(line)
    if (batch.length >= batchLines) await flush()
  }
  await flush()
  return posted
}

const postBatch = async (target: URL, token: string | undefined, body: string): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const response = await request(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
    })
    const text = await response.body.text()
    if (response.statusCode < 300) return
    if (!BUSY.has(response.statusCode) || attempt === ATTEMPTS_MAX)
      throw new Error(`${target.href} answered ${response.statusCode}: ${text}`)
    await sleep(100 * 2 ** attempt)
  }
}
