import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Progress, ProgressCheck, Sink, SinkBatch, SinkFailure, Written } from '../sink.js'
import { DayLists } from './day-lists.js'
import { objectsFailure } from './failures.js'
import type { IntervalRows } from './interval-rows.js'
import { MANIFEST_KEY } from './layout.js'
import type { Manifest } from './manifest.js'
import { firstManifest, isHonoured, putManifest, readManifest, type HeldManifest } from './manifest-object.js'
import type { ObjectStore } from './object-store.js'
import { storeIntervals, type Additions } from './publish.js'
import { askedBy } from './wanted.js'

export type ObjectsSinkOptions = Readonly<{
  name: string
  tenant: string
  store: ObjectStore
  intervalRows: IntervalRows
  /** A replay stores again what is gone. It takes over from nobody, and moves no progress. */
  replay?: boolean
}>

type Outcome<A> = Promise<E.Either<SinkFailure, A>>

/**
 * Complete intervals as Parquet objects, which are written once, and a manifest that says which of them count. The
 * manifest holds the progress, so both become visible by one put of it, under the condition that it is still the version
 * that this instance knows.
 *
 * Disconnected → (connect: check the progress, enter itself as writer) → connected → (a failure, or close) →
 * disconnected.
 */
export const objectsSink = (options: ObjectsSinkOptions): Sink => {
  const { name, tenant, store, intervalRows, replay = false } = options
  const lists = new DayLists(store)
  let state: HeldManifest | undefined
  /** The writer as which this sink connected last; it is kept while the sink is disconnected. */
  let claimed: string | undefined
  /** As which it enters itself, until it is closed: an entry whose answer was lost is then known as its own. */
  let own: string = randomUUID()
  let isProbed = false

  const takenOverBy = (found: Manifest | undefined): SinkFailure | undefined => {
    if (claimed === undefined || found?.writer.id === claimed) return undefined
    return { tag: 'Fenced', by: found === undefined ? 'the manifest was deleted' : writerText(found) }
  }

  const connect = async (signal: AbortSignal, check: ProgressCheck | undefined): Outcome<Progress | undefined> => {
    state = undefined
    // An instance that loses the race for the next version tries again. In each round one instance wins.
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const held = await readManifest(store, signal)
      const found = held?.manifest
      const fenced = takenOverBy(found)
      if (fenced !== undefined) return E.left(fenced)
      const refused = (found && whyOfOthers(found, options)) ?? (await whyNot(check, found?.progress))
      if (refused !== undefined) return E.left({ tag: 'Refused', reason: `${store.place}: ${refused}` })
      if (replay) {
        state = held
        return E.right(found?.progress ?? undefined)
      }
      const writer = { id: own, host: hostname(), pid: process.pid }
      const claim = { ...(found ?? firstManifest(tenant, name)), version: (found?.version ?? 0) + 1, writer }
      const won = await putManifest(store, claim, held?.etag, signal)
      if (won === undefined) continue
      if (!isProbed && !(await isHonoured(store, won, signal)))
        return E.left({ tag: 'Refused', reason: `${store.place}: ${NOT_HONOURED}` })
      isProbed = true
      claimed = writer.id
      state = won
      return E.right(found?.progress ?? undefined)
    }
    throw new Error('others kept taking over while this instance connected')
  }

  /** Lists what was stored, and moves the progress, by one put of the manifest. */
  const advance = async (
    held: HeldManifest,
    additions: Additions,
    progress: Progress | undefined,
    signal: AbortSignal,
  ): Outcome<Written> => {
    let last = held
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const { manifest, etag } = last
      const days: Record<string, string> = { ...manifest.days }
      for (const [day, added] of additions) days[day] = await lists.add(day, days[day], added, signal)
      const next = { ...manifest, version: manifest.version + 1, progress: progress ?? manifest.progress, days }
      const won = await putManifest(store, next, etag, signal)
      if (won !== undefined) {
        state = won
        return E.right({ commit: next.version })
      }
      const found = await readManifest(store, signal)
      const fenced = replay ? undefined : takenOverBy(found?.manifest)
      if (fenced !== undefined) return E.left(fenced)
      if (found === undefined) throw new Error('the manifest was deleted')
      // The client repeated a put whose answer it did not get, and was told that the condition does not hold any more.
      if (JSON.stringify(found.manifest) === JSON.stringify(next)) {
        state = found
        return E.right({ commit: next.version })
      }
      // A replay has listed something meanwhile.
      last = found
    }
    throw new Error('others kept changing the manifest while this instance wrote')
  }

  const write = async (held: HeldManifest, { records, progress }: SinkBatch, signal: AbortSignal): Outcome<Written> => {
    const to = { store, lists, intervalRows }
    const restores = progress === undefined
    const additions = await storeIntervals(to, held.manifest, askedBy(records), restores, signal)
    if (restores && additions.size === 0) return E.right({ commit: held.manifest.version })
    return advance(held, additions, progress, signal)
  }

  const attempt =
    <A>(work: () => Outcome<A>): TaskEither<SinkFailure, A> =>
    async () => {
      const outcome = await work().catch((cause: unknown) => E.left(objectsFailure(cause, store.place)))
      if (E.isLeft(outcome) && outcome.left.tag !== 'Refused') state = undefined
      return outcome
    }
  const connected = <A>(work: (held: HeldManifest) => Outcome<A>): TaskEither<SinkFailure, A> =>
    attempt(async () =>
      state === undefined ? E.left({ tag: 'NotConnected', cause: new Error('not connected') }) : work(state),
    )

  return {
    name: replay ? `${name}.replay` : name,
    connect: (signal, check) => attempt(() => connect(signal, check)),
    write: (batch, signal) => connected((held) => write(held, batch, signal)),
    stillOwner: (signal) =>
      connected(async ({ etag }) => {
        if ((await store.look(MANIFEST_KEY, signal))?.etag === etag) return E.right(undefined)
        const fenced = takenOverBy((await readManifest(store, signal))?.manifest)
        return fenced === undefined ? E.right(undefined) : E.left(fenced)
      }),
    close: async () => {
      claimed = undefined
      own = randomUUID()
      state = undefined
      store.close()
    },
  }
}

const ROUNDS_MAX = 100

const NOT_HONOURED =
  'the store ignores the condition of a put (If-Match, If-None-Match), so a second writer could not be kept out: use a ' +
  'store that keeps it (Amazon S3, Cloudflare R2, MinIO, Azure Blob)'

const writerText = ({ writer }: Manifest): string => `process ${writer.pid} on ${writer.host}`

const whyOfOthers = ({ tenant, sink }: Manifest, own: ObjectsSinkOptions): string | undefined =>
  tenant === own.tenant && sink === own.name
    ? undefined
    : `the objects are those of sink ${sink} of tenant ${tenant}, this is sink ${own.name} of tenant ${own.tenant}: give ` +
      `each a prefix of its own (prefix)`

const whyNot = async (
  check: ProgressCheck | undefined,
  progress: Progress | null | undefined,
): Promise<string | undefined> => {
  const verdict = await check?.(progress ?? undefined)
  return verdict !== undefined && E.isLeft(verdict) ? verdict.left : undefined
}
