import { z } from 'zod'
import { retryDeadLetters } from '../../../app/operations/dead-letters/retry.js'
import { deadLetters, type DeadLetter } from '../../../app/operations/dead-letters.js'
import { erase } from '../../../app/operations/erase.js'
import { conversationStream, userStream } from '../../../domain/stream-name.js'
import { eraseFacts } from '../../../facts/segment-files.js'
import { ProblemError } from '../answers/problem.js'
import { answer, job, list, type Operation } from '../operation.js'
import { at, change, isoOf } from './schemas.js'

const letterSchema = z.looseObject({
  ...{ id: z.string(), part: z.string(), reason: z.string(), detail: z.string(), stage: z.string() },
  ...{ origin: z.string(), receivedAt: z.string(), bytes: z.int() },
})

const letterJson = ({ id, part, note, raw }: DeadLetter) => ({ id, part, ...note, bytes: raw.length })

const listed = list({
  ...{ id: 'listDeadLetters', method: 'GET', path: '/dead-letters', access: 'operations' },
  summary: 'the input that was set aside, with the reason',
  input: z.object({ reason: z.string().optional() }),
  item: letterSchema,
  run: async function* ({ logs, tenant }, { reason }) {
    for await (const letter of deadLetters(logs, tenant))
      if (reason === undefined || letter.note.reason === reason) yield letterJson(letter)
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
  summary: 'one dead letter with its bytes as they came',
  input: z.object({ id: z.string() }),
  output: letterSchema.extend({ rawBase64: z.base64() }),
  run: async ({ logs, tenant }, { id }) => {
    for await (const letter of deadLetters(logs, tenant))
      if (letter.id === id) return { ...letterJson(letter), rawBase64: Buffer.from(letter.raw).toString('base64') }
    throw new ProblemError('not-found', `there is no dead letter ${id}; GET …/dead-letters lists them`)
  },
})

const retried = job({
  ...{
    id: 'retryDeadLetters',
    command: 'deadletter retry',
    method: 'POST',
    path: '/dead-letters/retry',
    access: 'change',
  },
  summary: 'take dead letters of the ingress in again, after an upgrade that can use them',
  input: z.object({ ...change }),
  output: z.object({
    ...{ usable: z.int(), stored: z.int(), duplicate: z.int(), deadLettered: z.int() },
    late: z.int().describe('events behind the late horizon, which a rebuild takes in'),
  }),
  run: async (call, { dryRun }) => {
    const log = dryRun ? undefined : await call.rawWriter()
    const { logs, tenant, by, why, now, signal } = call
    const receipt = await retryDeadLetters({ logs, tenant, log, by, why, now, signal })
    const { usable, stored, duplicate, deadLettered, late } = receipt
    return { usable, stored, duplicate, deadLettered, late }
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
    deadLetters: z.int(),
  }),
  run: async (call, { entity, id, dryRun }) => {
    const { tenant, logs, config, now } = call
    const raw = dryRun ? await logs.raw('reader') : await call.rawWriter()
    const head = await raw.head()
    const erasure = await erase({
      ...{ raw, tenant, entityId: id, dryRun, now },
      stream: entity === 'user' ? userStream(tenant, id) : conversationStream(tenant, id),
      deadLetters: () => deadLetters(logs, tenant),
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
    const { erasedBefore, mentions, ...counts } = erasure
    const before = erasedBefore === null ? null : isoOf(erasedBefore)
    return { dryRun, ...counts, erasedBefore: before, mentions: [...mentions] }
  },
})

export const deadLetterOperations: readonly Operation[] = [listed, shown, retried, erased]
