import * as E from 'fp-ts/lib/Either.js'
import type { GenesysClient, GenesysRequest } from './client.js'
import type { GenesysFailure } from './failure.js'

export type Entity = Readonly<{ id: string } & Record<string, unknown>>

/**
 * All entities of a list. `isWhole`: nothing changed while its pages were read, so that what is not in it is not in
 * Genesys either, as far as the client's role lets it see.
 */
export type Listing = Readonly<{ entities: readonly Entity[]; isWhole: boolean }>

/** Integrators use it for every list; the default is 25. */
const PAGE_SIZE = 100
/** Lists of users have thousands; a list without an end is a fault. */
const PAGES_MAX = 5_000
const READINGS_MAX = 3

type Page = Readonly<{ entities: readonly Entity[]; total: number | undefined; isLast: boolean }>

/**
 * Reads an entity list (`pageSize`, `pageNumber`) to its end. Pages shift while objects are made and deleted: a list that
 * changed meanwhile is read again, and is not whole where it changes each time.
 */
export const listAll = async (
  client: GenesysClient,
  list: Pick<GenesysRequest, 'path' | 'query'>,
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, Listing>> => {
  for (let reading = 1; ; reading++) {
    const listing = await readOnce(client, list, signal)
    if (E.isLeft(listing) || listing.right.isWhole || reading === READINGS_MAX) return listing
  }
}

const readOnce = async (
  client: GenesysClient,
  { path, query }: Pick<GenesysRequest, 'path' | 'query'>,
  signal: AbortSignal,
): Promise<E.Either<GenesysFailure, Listing>> => {
  const found = new Map<string, Entity>()
  const totals = new Set<number | undefined>()
  let listed = 0
  for (let pageNumber = 1; pageNumber <= PAGES_MAX; pageNumber++) {
    const asked = { method: 'GET', path, query: { ...query, pageSize: PAGE_SIZE, pageNumber } } as const
    const answer = await client.call(asked, signal)
    if (E.isLeft(answer)) return answer
    const page = pageIn(answer.right.json, pageNumber)
    if (page === undefined) return E.left(unreadable(path, 'it holds no entities with ids'))
    totals.add(page.total)
    listed += page.entities.length
    for (const entity of page.entities) found.set(entity.id, entity)
    if (!page.isLast) continue
    const [total] = totals
    const isWhole = totals.size === 1 && listed === found.size && (total === undefined || total === listed)
    return E.right({ entities: [...found.values()], isWhole })
  }
  return E.left(unreadable(path, `it has more than ${PAGES_MAX} pages`))
}

const pageIn = (json: unknown, pageNumber: number): Page | undefined => {
  if (!isTree(json) || !Array.isArray(json['entities'])) return undefined
  const entities = json['entities'].filter(
    (each): each is Entity => isTree(each) && typeof each['id'] === 'string' && each['id'] !== '',
  )
  if (entities.length !== json['entities'].length) return undefined
  const { pageCount, total } = json
  return {
    entities,
    total: typeof total === 'number' ? total : undefined,
    // Lists without pages (presence definitions) say no number of them.
    isLast: typeof pageCount !== 'number' || pageNumber >= pageCount || entities.length === 0,
  }
}

const unreadable = (path: string, reason: string): GenesysFailure => ({
  tag: 'Unreadable',
  what: `GET ${path}`,
  reason,
})

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
