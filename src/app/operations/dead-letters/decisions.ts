import * as E from 'fp-ts/lib/Either.js'
import { deadLetterDecisionsStream } from '../../../domain/stream-name.js'
import { contentId } from '../../../log/content-id.js'
import { LogUnavailable, type EventLog } from '../../../log/event-log.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { ifThere } from '../../../log/if-there.js'

/** `retried`: the log has taken it in after all. `discarded`: somebody has decided that it is not needed. */
export const decidedStates = ['retried', 'discarded'] as const
export type Decided = (typeof decidedStates)[number]

/** A dead letter is open until somebody decides about it. It stays in the log in every state. */
export const letterStates = ['open', ...decidedStates] as const
export type LetterState = (typeof letterStates)[number]

/** The last decision about a dead letter. `at` is ISO 8601. */
export type Decision = Readonly<{ state: Decided; by: string; why?: string; at: string }>

const TYPES = { retried: 'DeadLettersRetried', discarded: 'DeadLettersDiscarded' } as const
const IDS_PER_EVENT = 500

/** The last decision about each dead letter, by its id. */
export const readDecisions = async (logs: Logs, tenant: string): Promise<ReadonlyMap<string, Decision>> => {
  const decisions = new Map<string, Decision>()
  const control = await ifThere(() => logs.control('reader'))
  if (control === undefined) return decisions
  for await (const batch of control.readStream(deadLetterDecisionsStream(tenant)))
    for (const { type, data } of batch) {
      const { ids, ...said } = JSON.parse(Buffer.from(data).toString('utf8')) as Omit<Decision, 'state'> & {
        ids: readonly string[]
      }
      const decision: Decision = { state: type === TYPES.discarded ? 'discarded' : 'retried', ...said }
      for (const id of ids) decisions.set(id, decision)
    }
  return decisions
}

/** Stores a decision about these dead letters. Throws `LogUnavailable` where the log cannot be written. */
export const decide = (
  logs: Pick<Logs, 'changingControl'>,
  tenant: string,
  ids: readonly string[],
  { state, ...said }: Decision,
): Promise<void> =>
  ids.length === 0
    ? Promise.resolve()
    : logs.changingControl((control) => append(control, tenant, ids, TYPES[state], said))

const append = async (
  control: EventLog,
  tenant: string,
  ids: readonly string[],
  type: string,
  said: Omit<Decision, 'state'>,
): Promise<void> => {
  const stream = deadLetterDecisionsStream(tenant)
  const events = []
  for (let from = 0; from < ids.length; from += IDS_PER_EVENT) {
    const data = Buffer.from(JSON.stringify({ ids: ids.slice(from, from + IDS_PER_EVENT), ...said }))
    events.push({ id: contentId(type, tenant, data), type, data, metadata: Buffer.from('{}') })
  }
  const [answer] = await control.append([{ stream, expected: 'any', events }])
  if (answer === undefined || E.isLeft(answer))
    throw new LogUnavailable(`the stream ${stream} of the log cannot be written (${answer?.left.tag ?? 'no answer'})`)
}
