import { z } from 'zod'
import { keepErasedLeaves } from '../../../app/operations/audit/audit-log.js'
import { letterStates } from '../../../app/operations/dead-letters/decisions.js'
import { discardDeadLetters } from '../../../app/operations/dead-letters/discard.js'
import { exportedLetter } from '../../../app/operations/dead-letters/export.js'
import { countLetters, listLetters, type DecidedLetter } from '../../../app/operations/dead-letters/listing.js'
import { remedyOf } from '../../../app/operations/dead-letters/remedies.js'
import { retryDeadLetters } from '../../../app/operations/dead-letters/retry.js'
import { deadLetters } from '../../../app/operations/dead-letters.js'
import { erase } from '../../../app/operations/erase.js'
import { configStream, conversationStream, userStream } from '../../../domain/stream-name.js'
import { eraseFacts } from '../../../facts/segment-files.js'
import { ProblemError } from '../answers/problem.js'
import { answer, job, list, type Operation } from '../operation.js'
import { at, change, instant, isoOf } from './schemas.js'

const letterSchema = z.looseObject({
  ...{ id: z.string(), part: z.string(), reason: z.string(), detail: z.string(), stage: z.string() },
  ...{ origin: z.string(), receivedAt: z.string(), bytes: z.int(), state: z.enum(letterStates) },
  ...{ meaning: z.string(), remedy: z.string(), retry: z.boolean() },
})

const letterJson = ({ id, part, note, raw, state, decision }: DecidedLetter) => ({
  ...{ id, part, ...note, bytes: raw.length, state, ...remedyOf(note.reason, note.stage) },
  ...(decision === undefined ? {} : { decision }),
})

const choice = {
  reason: z.string().optional(),
  stage: z.enum(['ingress', 'projector']).optional(),
  topic: z.string().optional(),
  from: instant.optional().describe('received then or later'),
  to: instant.optional().describe('received before'),
}

const state = z.enum(letterStates).optional()

const listed = list({
  ...{ id: 'listDeadLetters', method: 'GET', path: '/dead-letters', access: 'operations' },
  summary: 'the input that was set aside, with the reason, what mends it, and what was decided about it',
  input: z.object({ ...choice, state }),
  item: letterSchema,
  run: async function* ({ logs, tenant }, filter) {
    for await (const letter of listLetters(logs, tenant, filter)) yield letterJson(letter)
  },
})

const counted = list({
  ...{ id: 'countDeadLetters', method: 'GET', path: '/dead-letter-counts', access: 'figures' },
  summary: 'how many dead letters there are, by day, reason, stage and state',
  input: z.object({ ...choice, state }),
  item: z.object({
    ...{ reason: z.string(), stage: z.string(), day: z.iso.date(), state: z.enum(letterStates) },
    ...{ letters: z.int(), events: z.int() },
  }),
  run: async function* ({ logs, tenant }, filter) {
    for (const count of await countLetters(logs, tenant, filter)) yield { ...count }
  },
})

const exported = list({
  ...{ id: 'exportDeadLetters', command: 'deadletter export', method: 'GET', path: '/dead-letter-export' },
  ...{ access: 'evidence', summary: 'dead letters with their bytes, as CloudEvents that the ingress takes' },
  input: z.object({ ...choice, state }),
  item: z.looseObject({ specversion: z.string(), type: z.string(), id: z.string(), data_base64: z.base64() }),
  run: async function* ({ logs, tenant }, filter) {
    for await (const letter of listLetters(logs, tenant, filter)) yield exportedLetter(letter, tenant) as never
  },
})

const shown = answer({
  ...{
    id: 'showDeadLetter',
    command: 'deadletter show',
    method: 'GET',
    path: '/dead-letters/{id}',
    access: 'evidence',
  },
  summary: 'one dead letter with its bytes as they came, what its reason means and what mends it',
  input: z.object({ id: z.string() }),
  output: letterSchema.extend({ rawBase64: z.base64() }),
  run: async ({ logs, tenant }, { id }) => {
    for await (const letter of listLetters(logs, tenant, { ids: [id] }))
      return { ...letterJson(letter), rawBase64: Buffer.from(letter.raw).toString('base64') }
    throw new ProblemError('not-found', `there is no dead letter ${id}; GET …/dead-letters lists them`)
  },
})

const ids = z.array(z.string().min(1)).optional().describe('only these, by id or the beginning of it')

const retried = job({
  ...{ id: 'retryDeadLetters', command: 'deadletter retry', method: 'POST', path: '/dead-letters/retry' },
  ...{ access: 'change', summary: 'take open dead letters of the ingress in again, after something was mended' },
  input: z.object({ ...choice, ids, ...change }),
  output: z.object({
    ...{ usable: z.int(), stored: z.int(), duplicate: z.int(), deadLettered: z.int(), notRetriable: z.int() },
    late: z.int().describe('events behind the late horizon, which a rebuild takes in'),
  }),
  run: async (call, { dryRun, why, ...filter }) => {
    const log = dryRun ? undefined : await call.rawWriter()
    const { logs, tenant, by, now, signal } = call
    const told = why === undefined ? { by } : { by, why }
    const outcome = await retryDeadLetters({ logs, tenant, log, filter, ...told, now, signal })
    const { usable, stored, duplicate, deadLettered, notRetriable, late } = outcome
    return { usable, stored, duplicate, deadLettered, notRetriable, late }
  },
})

const discarded = answer({
  ...{ id: 'discardDeadLetters', command: 'deadletter discard', method: 'POST', path: '/dead-letters/discard' },
  ...{ access: 'change', summary: 'mark open dead letters as not needed; nothing is deleted' },
  input: z.object({ ...choice, ids, ...change, why: z.string().trim().min(1).max(500) }),
  output: z.object({ discarded: z.int(), retried: z.int(), byReason: z.record(z.string(), z.int()) }),
  run: ({ logs, tenant, by, now }, { dryRun, why, ...filter }) => {
    if (Object.values(filter).every((each) => each === undefined))
      throw new ProblemError('not-valid', 'say which: ids, reason, stage, topic, from or to')
    return discardDeadLetters({ logs, tenant, filter, by, why, dryRun, now })
  },
})

const erased = job({
  ...{ id: 'erase', method: 'POST', path: '/erasures', access: 'change' },
  summary: 'erase all raw events of a conversation or a user for ever',
  input: z.object({
    ...{ entity: z.enum(['conversation', 'user']), id: z.string().min(1), ...change },
    dryRun: z.boolean().default(true).describe('only say what would be erased; false erases for ever'),
  }),
  output: z.object({
    ...{ dryRun: z.boolean(), stream: z.string(), events: z.int(), points: z.int(), erasedBefore: at.nullable() },
    mentions: z.array(z.object({ stream: z.string(), topic: z.string(), events: z.int() })),
    also: z.array(z.object({ stream: z.string(), events: z.int() })).describe('the name of a user'),
    deadLetters: z.int(),
  }),
  run: async (call, { entity, id, dryRun }) => {
    const { tenant, logs, config, now } = call
    const raw = dryRun ? await logs.raw('reader') : await call.rawWriter()
    const head = await raw.head()
    const erasure = await erase({
      ...{ raw, tenant, entityId: id, dryRun, now },
      stream: entity === 'user' ? userStream(tenant, id) : conversationStream(tenant, id),
      also: entity === 'user' ? [configStream(tenant, 'user', id)] : [],
      deadLetters: () => deadLetters(logs, tenant),
      keepLeaves: (entries) => keepErasedLeaves(logs, tenant, entries, config.audit.key !== undefined),
      forgetFacts: (name) => eraseFacts(config.data, tenant, name),
      onProgress: (position) => {
        // Looking for mentions changes nothing, so it can be left; from then on erasing is not interrupted.
        call.signal.throwIfAborted()
        call.onProgress({
          done: Number(position),
          of: head === undefined ? undefined : Number(head),
          unit: 'positions',
        })
      },
    })
    const { erasedBefore, mentions, also, ...counts } = erasure
    const before = erasedBefore === null ? null : isoOf(erasedBefore)
    return { dryRun, ...counts, erasedBefore: before, mentions: [...mentions], also: [...also] }
  },
})

export const deadLetterOperations: readonly Operation[] = [
  ...[listed, counted, exported, shown, retried, discarded, erased],
]
