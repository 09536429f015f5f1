import * as E from '../../domain/either.js'
import { produce } from 'immer'
import type { Publication } from '../../contract/schema/published-schema.js'
import type { Profile } from '../../domain/profile.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
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
  /** Only these rows are its own; the others are those of the generation below, which goes on as it would have. */
  scoped?: Readonly<{ base: Generation; scope: SavedScope }>
}>

/** Which rows, as JSON holds it: see `Scope`. Instants are epoch milliseconds. */
export type SavedScope = Readonly<{
  families?: readonly FamilyName[]
  granularities?: readonly Granularity[]
  from?: EpochMs
  to?: EpochMs
  dimensions?: Readonly<Partial<Record<Dimension, readonly (string | null)[]>>>
}>

/** The computations that share the rows of a generation, from the bottom: itself, and those that it goes on with. */
export const layersOf = (generation: Generation): readonly Generation[] =>
  generation.scoped === undefined ? [generation] : [...layersOf(generation.scoped.base), generation]

/** Who changed something, and why; absent where an earlier version noted the change, or nobody said. */
export type Told = Readonly<{ by?: string; why?: string }>

/**
 * What an egress publishes of a generation that was promoted: `all` of its stream, from the beginning; or the rows (and
 * markers) that differ from what the generation before has published.
 */
export const publishModes = ['differences', 'all'] as const
export type PublishMode = (typeof publishModes)[number]

/** A generation became live. */
export type Promotion = Told & Readonly<{ name: string; at: string; publish: PublishMode }>

/** The projection of the tenant is held, whichever generation is live. */
export type Paused = Told & Readonly<{ at: string }>

/**
 * `live` is the generation that the egress publishes; `undefined` before the first. `promotions` is how often another
 * generation became live: the number of the promotion under which the live one is published.
 */
export type Generations = Readonly<{
  all: Readonly<Record<string, Generation>>
  live: string | undefined
  promotions: number
  /** Each change of the live generation, in order: the last is that of the live one. */
  promoted: readonly Promotion[]
  /** Generations that are given up: their rows are deleted, and their names are not used again. */
  retired: Readonly<Record<string, Told & Readonly<{ at: string }>>>
  paused: Paused | undefined
  revision: number | undefined
}>

/** The generation that was live before the live one: a rollback makes it live again. */
export const liveBefore = ({ promoted, live, retired }: Generations): string | undefined =>
  promoted.findLast(({ name }) => name !== live && !Object.hasOwn(retired, name))?.name

/**
 * Goes up when the fold or the contract changes so that the same log gives other rows: such a version starts a
 * generation of its own.
 */
export const PROJECTION_VERSION = 4

/** The generation below is named, and started before. */
type StoredGeneration = Omit<Generation, 'scoped'> &
  Readonly<{ scoped?: Readonly<{ base: string; scope: SavedScope }> }>

type GenerationEvent =
  | (Told & Readonly<{ type: 'GenerationStarted'; generation: StoredGeneration }>)
  /** `publish` is absent in what earlier versions noted: they published all. */
  | (Told & Readonly<{ type: 'GenerationPromoted'; name: string; at: string; publish?: PublishMode }>)
  | (Told & Readonly<{ type: 'GenerationRetired'; name: string; at: string }>)
  | (Told & Readonly<{ type: 'ProjectionPaused' | 'ProjectionResumed'; at: string }>)

const none: Generations = {
  all: {},
  live: undefined,
  promotions: 0,
  promoted: [],
  retired: {},
  paused: undefined,
  revision: undefined,
}

const evolve = (state: Generations, event: GenerationEvent, revision: number): Generations =>
  produce(state, (draft) => {
    draft.revision = revision
    switch (event.type) {
      case 'GenerationStarted':
        draft.all[event.generation.name] = withBase(state, event.generation) as never
        return
      case 'GenerationPromoted': {
        if (draft.live === event.name) return
        const { type: _, publish = 'all', ...told } = event
        draft.promotions += 1
        draft.live = event.name
        draft.promoted.push({ ...told, publish })
        return
      }
      case 'GenerationRetired': {
        const { type: _, name, ...told } = event
        draft.retired[name] = told
        return
      }
      case 'ProjectionPaused': {
        const { type: _, ...told } = event
        draft.paused ??= told
        return
      }
      case 'ProjectionResumed':
        draft.paused = undefined
        return
      default: // a later version noted it
        return
    }
  })

const withBase = ({ all }: Generations, { scoped, ...generation }: StoredGeneration): Generation => {
  if (scoped === undefined) return generation
  const base = all[scoped.base]
  if (base === undefined)
    throw new Error(`generation ${generation.name} is based on ${scoped.base}, which was not started`)
  return { ...generation, scoped: { ...scoped, base } }
}

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

/** Yields the generations as they are now, and after each change. */
export async function* watchGenerations(
  control: EventLog,
  tenant: string,
  signal: AbortSignal,
): AsyncIterable<Generations> {
  let state = none
  for await (const message of control.subscribeStream(generationsStream(tenant), { signal }))
    if (message.kind === 'caught-up') yield state
    else for (const event of message.events) state = evolve(state, decode(event), event.revision)
}

/** Yields the live generation now (if there is one) and whenever another is promoted. */
export async function* watchLive(control: EventLog, tenant: string, signal: AbortSignal): AsyncIterable<Live> {
  let yielded = 0
  // Promotions of the past are not reported one by one.
  for await (const { live, promotions } of watchGenerations(control, tenant, signal))
    if (live !== undefined && promotions !== yielded) {
      yielded = promotions
      yield { generation: live, promotion: promotions }
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
  told: Told = {},
  scoped?: Readonly<{ base: string; scope: SavedScope }>,
): Promise<Readonly<{ state: Generations; generation: Generation }>> => {
  const last = Object.keys(state.all).reduce((max, name) => Math.max(max, Number(name.slice(1))), 0)
  const name = `g${last + 1}`
  const generation: StoredGeneration = {
    name,
    projectionVersion: PROJECTION_VERSION,
    profile,
    historyThrough: rawHead === undefined ? null : String(rawHead),
    startedAt: now.toISOString(),
    ...(rawLogId === undefined ? {} : { rawLogId }),
    ...(scoped === undefined ? {} : { scoped }),
  }
  const after = await append(control, tenant, state, { type: 'GenerationStarted', generation, ...told })
  return { state: after, generation: after.all[name] as Generation }
}

/** From now on the egress publishes this generation: all of it, or what differs from the one before. */
export const promote = async (
  control: EventLog,
  tenant: string,
  state: Generations,
  name: string,
  now: Date,
  publish: PublishMode = 'all',
  told: Told = {},
): Promise<Generations> =>
  append(control, tenant, state, { type: 'GenerationPromoted', name, at: now.toISOString(), publish, ...told })

/** Gives a generation up: nobody works on it any more, and its rows may be deleted. */
export const retire = (
  control: EventLog,
  tenant: string,
  state: Generations,
  name: string,
  now: Date,
  told: Told,
): Promise<Generations> =>
  append(control, tenant, state, { type: 'GenerationRetired', name, at: now.toISOString(), ...told })

/** Every process that projects the tenant holds from now on, until the projection is resumed. */
export const pauseProjection = (
  control: EventLog,
  tenant: string,
  state: Generations,
  now: Date,
  told: Told,
): Promise<Generations> => append(control, tenant, state, { type: 'ProjectionPaused', at: now.toISOString(), ...told })

export const resumeProjection = (
  control: EventLog,
  tenant: string,
  state: Generations,
  now: Date,
  told: Told,
): Promise<Generations> => append(control, tenant, state, { type: 'ProjectionResumed', at: now.toISOString(), ...told })
