import { appendTick } from '../../../ingress/clock.js'
import { isObject } from '../../../ingress/decode/fields.js'
import { fileSource, type FileOptions } from '../../../ingress/files/file-source.js'
import { deliverTo } from '../../../ingress/ingest.js'
import { addReceipts, emptyReceipt, type Receipt } from '../../../ingress/receipt.js'
import type { EventLog } from '../../../log/event-log.js'
import type { LateCount } from './late-count.js'
import { inFile, runSource } from './import-events.js'

export type ImportDetailsOptions = Readonly<{
  log: EventLog
  tenant: string
  /** Paths, or `-` for standard input. */
  files: readonly string[]
  now: () => number
  signal: AbortSignal
  /** Counts what a generation will find too late. */
  late?: LateCount | undefined
  /** Bytes read of the file (compressed ones where it is compressed), and the counts of all files so far. */
  onProgress?: (file: string, bytes: number, receipt: Receipt) => void
}>

/** `incomplete` are the files that end early, with the reason: importing the whole file later takes the rest. */
export type DetailsImported = Readonly<{
  receipt: Receipt
  incomplete: readonly Readonly<{ file: string; why: string }>[]
}>

/**
 * Imports records of conversations or users' states as the analytics API returns them (answers of the details queries
 * or of jobs, arrays, single records, one a line; plain or gzip) into the log. Running it again stores nothing twice; a
 * conversation that was fetched again replaces what an earlier record said of it. Conversations are in no order of
 * time, so the clock moves once, after all files, to the last emission: no conversation is late because of another one.
 */
export const importDetails = async (options: ImportDetailsOptions): Promise<DetailsImported> => {
  const { log, tenant, files, now, signal, late, onProgress } = options
  const store = deliverTo({ log, tenant, now, onStored: late?.count })
  let receipt = emptyReceipt
  const incomplete: Readonly<{ file: string; why: string }>[] = []
  for (const file of files) {
    if (signal.aborted) break
    let bytesRead = 0
    await runSource(
      fileSource({
        ...detailsFile(file),
        onRead: (bytes) => (bytesRead = bytes),
        onIncomplete: (why) => incomplete.push({ file, why }),
      }),
      async (batch) => {
        await late?.follow()
        const stored = await store(batch)
        receipt = addReceipts(receipt, inFile(file, stored))
        onProgress?.(file, bytesRead, receipt)
        return stored
      },
      signal,
    )
  }
  if (receipt.latest !== undefined && !signal.aborted) await appendTick(log, tenant, Math.min(receipt.latest, now()))
  return { receipt, incomplete }
}

/** How a file of conversations is read. */
export const detailsFile = (file: string): FileOptions => ({
  file,
  answers: true,
  isEvent: (record) => !isEmptyAnswer(record),
})

/** What an answer holds beside its conversations; an answer that found none may leave them out. */
const ofAnswers: ReadonlySet<string> = new Set([
  'conversations',
  'userDetails',
  'aggregations',
  'totalHits',
  'cursor',
  'dataAvailabilityDate',
])
const EMPTY_ANSWER_BYTES_MAX = 64 * 1024

const isEmptyAnswer = (record: Uint8Array): boolean => {
  if (
    record.length > EMPTY_ANSWER_BYTES_MAX ||
    /"(conversationId|userId)"/.test(
      Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('latin1'),
    )
  )
    return false
  try {
    const value: unknown = JSON.parse(Buffer.from(record).toString('utf8'))
    return (
      isObject(value) &&
      Object.keys(value).every((key) => ofAnswers.has(key)) &&
      (value['conversations'] ?? value['userDetails'] ?? null) === null
    )
  } catch {
    return false
  }
}
