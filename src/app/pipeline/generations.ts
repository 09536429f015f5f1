import * as E from 'fp-ts/lib/Either.js'
import { produce } from 'immer'
import type { Publication } from '../../contract/schema/published-schema.js'
import type { Profile } from '../../domain/profile.js'
import { generationsStream } from '../../domain/stream-name.js'
import { contentId } from '../../log/content-id.js'
import { LogUnavailable, type EventLog, type Position, type RecordedEvent } from '../../log/event-log.js'

/**
 * What a generation computes: one run of the projection over all of the raw log by one profile. `historyThrough` is
 * where the raw log ended when it began (in decimal; null: it was empty): through there nothing is too late, and all
 * configuration is known from the start. `rawLogId` is the id of that raw log; absent where an earlier version started
 * the generation.
 */
export type Generation = Readonly<{
  name: string
  projectionVersion: number
  profile: Profile
  historyThrough: string | null
  startedAt: string
  rawLogId?: string
}>

/**
 * `live` is the generation that the egress publishes; `undefined` before the first. `promotions` is how often another
 * generation became live: the number of the promotion under which the live one is published.
 */
export type Generations = Readonly<{
  all: Readonly<Record<string, Generation>>
  live: string | undefined
  promotions: number
  revision: number | undefined
}>

/**
 * Goes up when the fold or the contract changes so that the same log gives other rows: such a version starts a
 * generation of its own.
 */
export const PROJECTION_VERSION = 4

type GenerationEvent =
  | Readonly<{ type: 'GenerationStarted'; generation: Generation }>
  | Readonly<{ type: 'GenerationPromoted'; name: string; at: string }>

const none: Generations = { all: {}, live: undefined, promotions: 0, revision: undefined }

const evolve = (state: Generations, event: GenerationEvent, revision: number): Generations =>
  produce(state, (draft) => {
    draft.revision = revision
    if (event.type === 'GenerationStarted') draft.all[event.generation.name] = event.generation as never
    else {
      if (draft.live !== event.name) draft.promotions += 1
      draft.live = event.name
    }
  })

const decode = (event: RecordedEvent): GenerationEvent =>
  ({ type: event.type, ...(JSON.parse(Buffer.from(event.data).toString('utf8')) as object) }) as GenerationEvent

/** Reads all generations from the control log. */
export const readGenerations = async (control: EventLog, tenant: string): Promise<Generations> => {
  let state = none
  for await (const batch of control.readStream(generationsStream(tenant)))
    for (const event of batch) state = evolve(state, decode(event), event.revision)
  return state
}

/** The live generation, and the number of the promotion by which it became live. */
export type Live = Publication

/** Yields the live generation now (if there is one) and whenever another is promoted. */
export async function* watchLive(control: EventLog, tenant: string, signal: AbortSignal): AsyncIterable<Live> {
  let state = none
  let yielded = 0
  for await (const message of control.subscribeStream(generationsStream(tenant), { signal })) {
    if (message.kind === 'events')
      for (const event of message.events) state = evolve(state, decode(event), event.revision)
    // Promotions of the past are not reported one by one.
    const { live, promotions } = state
    if (message.kind === 'caught-up' && live !== undefined && promotions !== yielded) {
      yielded = promotions
      yield { generation: live, promotion: promotions }
    }
  }
}

/** Another process changed the generations at the same moment. */
export class GenerationsChanged extends Error {
  override readonly name = 'GenerationsChanged'
}

const append = async (
  control: EventLog,
  tenant: string,
  state: Generations,
  event: GenerationEvent,
): Promise<Generations> => {
  const { type, ...data } = event
  const bytes = Buffer.from(JSON.stringify(data))
  const expected = state.revision ?? 'no-stream'
  const [result] = await control.append([
    {
      stream: generationsStream(tenant),
      expected,
      events: [
        { id: contentId(type, tenant, String(expected), bytes), type, data: bytes, metadata: Buffer.from('{}') },
      ],
    },
  ])
  if (result !== undefined && E.isLeft(result) && result.left.tag === 'NotAvailable')
    throw new LogUnavailable(`the generations of ${tenant} could not be changed: the log is not available`, {
      cause: result.left.cause,
    })
  if (result === undefined || E.isLeft(result))
    throw new GenerationsChanged(
      `the generations of ${tenant} could not be changed (${result === undefined ? 'no answer' : result.left.tag}); try again`,
    )
  return evolve(state, event, result.right.revision)
}

/** Starts the next generation, `g<n>`; `rawHead` is where the raw log ends now. */
export const startGeneration = async (
  control: EventLog,
  tenant: string,
  state: Generations,
  profile: Profile,
  rawHead: Position | undefined,
  now: Date,
  rawLogId?: string,
): Promise<Readonly<{ state: Generations; generation: Generation }>> => {
  const last = Object.keys(state.all).reduce((max, name) => Math.max(max, Number(name.slice(1))), 0)
  const generation: Generation = {
    name: `g${last + 1}`,
    projectionVersion: PROJECTION_VERSION,
    profile,
    historyThrough: rawHead === undefined ? null : String(rawHead),
    startedAt: now.toISOString(),
    ...(rawLogId === undefined ? {} : { rawLogId }),
  }
  return { state: await append(control, tenant, state, { type: 'GenerationStarted', generation }), generation }
}

/** From now on the egress publishes this generation. */
export const promote = async (
  control: EventLog,
  tenant: string,
  state: Generations,
  name: string,
  now: Date,
): Promise<Generations> => append(control, tenant, state, { type: 'GenerationPromoted', name, at: now.toISOString() })
