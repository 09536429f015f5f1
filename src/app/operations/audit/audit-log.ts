import * as E from 'fp-ts/lib/Either.js'
import { decodeEntry, encodeEntry, type LeafEntry } from '../../../audit/leaf.js'
import { parseHead, type SignedHead } from '../../../audit/tree-head.js'
import { auditStream, erasedLeavesStream } from '../../../domain/stream-name.js'
import { contentId } from '../../../log/content-id.js'
import { LogUnavailable, type EventLog, type NewEvent, type RecordedEvent } from '../../../log/event-log.js'
import { ifThere } from '../../../log/if-there.js'
import type { Logs } from '../../pipeline/logs/logs.js'

/**
 * The stream `<tenant>.audit` holds `TreeHeadSigned` (the note of a head, as it was signed) and `TreeRestarted`: from
 * then on the tree of that name is a new one, with `-<number>` behind its origin. `<tenant>.audit-erased` holds
 * `LeavesErased`: what the leaves of events stated that were erased.
 */
const HEAD = 'TreeHeadSigned'
const RESTARTED = 'TreeRestarted'
const LEAVES_ERASED = 'LeavesErased'
const LEAVES_PER_EVENT = 1_000

export type Restart = Readonly<{ tree: string; number: number; at: string; why: string }>

/** A head as it is stored; `undefined` in `head` if its bytes are none any more. */
export type StoredHead = Readonly<{ kind: 'head'; tree: string; head: SignedHead | undefined; revision: number }>
export type AuditRecord = StoredHead | (Restart & Readonly<{ kind: 'restarted'; revision: number }>)

/** Another process signs heads of the same log. */
export class SealingSuperseded extends Error {
  override readonly name = 'SealingSuperseded'
}

/** The part of signed heads; `undefined` where none was ever signed. */
export const auditPart = (logs: Logs): Promise<EventLog | undefined> => ifThere(() => logs.audit())

/** Everything that was recorded of heads, in its order. */
export async function* auditRecords(logs: Logs, tenant: string): AsyncGenerator<AuditRecord> {
  const audit = await auditPart(logs)
  if (audit === undefined) return
  for await (const batch of audit.readStream(auditStream(tenant))) for (const event of batch) yield recordOf(event)
}

const recordOf = ({ type, data, metadata, revision }: RecordedEvent): AuditRecord => {
  if (type === RESTARTED) return { kind: 'restarted', ...(jsonOf(data) as Restart), revision }
  const { tree = '?' } = jsonOf(metadata) as { tree?: string }
  return { kind: 'head', tree, head: parseHead(Buffer.from(data).toString('utf8')), revision }
}

const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return {}
  }
}

/** Names a tree for ever: the tree of a log, and how often it was begun again. */
export const originOf = (tenant: string, logId: string, tree: string, number: number): string =>
  `streamvane/${tenant}/${logId}/${tree}${number === 1 ? '' : `-${number}`}`

export const headEvent = (tree: string, { note }: SignedHead): NewEvent => ({
  id: contentId(HEAD, note),
  type: HEAD,
  data: Buffer.from(note),
  metadata: Buffer.from(JSON.stringify({ tree })),
})

export const restartEvent = (restart: Restart): NewEvent => ({
  id: contentId(RESTARTED, restart.tree, String(restart.number)),
  type: RESTARTED,
  data: Buffer.from(JSON.stringify(restart)),
  metadata: Buffer.from('{}'),
})

/**
 * Appends to the stream of heads behind `revision` (-1: it is empty). Returns its new revision. Throws
 * `SealingSuperseded` if another process has appended, and `LogUnavailable`.
 */
export const appendRecord = async (logs: Logs, tenant: string, revision: number, event: NewEvent): Promise<number> => {
  const [answer] = await logs.changingAudit((audit) =>
    audit.append([{ stream: auditStream(tenant), expected: revision, events: [event] }]),
  )
  if (answer !== undefined && E.isRight(answer)) return answer.right.revision
  if (answer?.left.tag === 'WrongExpectedRevision')
    throw new SealingSuperseded('another process signs heads of this log; only one may')
  throw new LogUnavailable(`the head could not be stored (${answer?.left.tag ?? 'no answer'})`, { cause: answer?.left })
}

/**
 * Keeps what the leaves of a stream state before its events are erased: their bytes go, and with this the tree stands.
 * Does nothing where no head was ever signed and `isSealing` is not set.
 */
export const keepErasedLeaves = async (
  logs: Logs,
  tenant: string,
  entries: readonly LeafEntry[],
  isSealing: boolean,
): Promise<void> => {
  if (!isSealing && (await auditPart(logs)) === undefined) return
  const events: NewEvent[] = []
  for (let at = 0; at < entries.length; at += LEAVES_PER_EVENT) {
    const some = entries
      .slice(at, at + LEAVES_PER_EVENT)
      .map((entry) => Buffer.from(encodeEntry(entry)).toString('base64'))
    const data = Buffer.from(JSON.stringify({ entries: some }))
    events.push({ id: contentId(LEAVES_ERASED, data), type: LEAVES_ERASED, data, metadata: Buffer.from('{}') })
  }
  if (events.length === 0) return
  const answers = await logs.changingAudit((audit) =>
    audit.append(events.map((event) => ({ stream: erasedLeavesStream(tenant), expected: 'any', events: [event] }))),
  )
  const failed = answers.find(E.isLeft)
  if (failed !== undefined && E.isLeft(failed))
    throw new LogUnavailable(`the leaves of the events could not be kept (${failed.left.tag}); nothing was erased`, {
      cause: failed.left,
    })
}

/** The entries that were kept of erased events, by position. */
export class ErasedLeaves {
  readonly #logs: Logs
  readonly #tenant: string
  #entries: LeafEntry[] = []
  #revision = -1

  constructor(logs: Logs, tenant: string) {
    this.#logs = logs
    this.#tenant = tenant
  }

  /** Reads what was recorded since the last call. */
  async refresh(): Promise<void> {
    const audit = await auditPart(this.#logs)
    const last = await audit?.streamRevision(erasedLeavesStream(this.#tenant))
    if (audit === undefined || last === undefined || last <= this.#revision) return
    const known = new Map(this.#entries.map((entry) => [entry.position, entry]))
    for await (const batch of audit.readStream(erasedLeavesStream(this.#tenant), { from: this.#revision + 1 }))
      for (const { data, revision } of batch) {
        for (const text of (jsonOf(data) as { entries?: readonly string[] }).entries ?? []) {
          const entry = decodeEntry(Buffer.from(text, 'base64'))
          if (entry !== undefined) known.set(entry.position, entry)
        }
        this.#revision = revision
      }
    this.#entries = [...known.values()].sort((a, b) => (a.position < b.position ? -1 : 1))
  }

  /** Those after a position (exclusive) through another, in order. */
  between(after: bigint | undefined, through: bigint): readonly LeafEntry[] {
    return this.#entries.filter(({ position }) => (after === undefined || position > after) && position <= through)
  }
}
