import { isLeft } from 'fp-ts/lib/Either.js'
import type { Dimension } from '../domain/dimensions.js'
import type { Fact, NamedKind } from '../domain/fact.js'
import { families } from '../domain/family.js'
import type { Row } from '../domain/row.js'
import { configStream } from '../domain/stream-name.js'
import { isImportedType } from '../ingress/decode/configuration.js'
import type { EventLog } from '../log/event-log.js'

/**
 * What Genesys calls the objects of dimensions, as far as the configuration in the log says: `streamvane genesys sync`
 * stores all of these, `config import` queues and presences. Nothing names flows and campaigns.
 */
const kinds: Readonly<Partial<Record<Dimension, NamedKind>>> = {
  ...{ queueId: 'queue', userId: 'user', skillId: 'skill', languageId: 'language', wrapUpCode: 'wrapup' },
  ...{ divisionId: 'division', state: 'presence' },
}

/** The dimensions whose objects can have names. */
export const namedDimensions = Object.keys(kinds) as readonly Dimension[]

/** Looks names up one by one, as they are asked for: each costs reading the end of one small stream, once. */
export class Names {
  readonly #raw: EventLog | undefined
  readonly #tenant: string
  readonly #known = new Map<string, string | undefined>()

  /** Without a raw log nothing has a name. */
  constructor(raw: EventLog | undefined, tenant: string) {
    this.#raw = raw
    this.#tenant = tenant
  }

  /** The newest name of the object; `undefined` if the configuration does not say it. */
  async of(dimension: Dimension, id: string | null): Promise<string | undefined> {
    const kind = kinds[dimension]
    if (kind === undefined || id === null || this.#raw === undefined) return undefined
    const stream = configStream(this.#tenant, kind, id)
    if (this.#known.has(stream)) return this.#known.get(stream)
    const name = await lastNameIn(this.#raw, stream)
    this.#known.set(stream, name)
    return name
  }
}

/** Names by the dimension whose value they name. */
export type DimensionNames = Readonly<Partial<Record<Dimension, string>>>

/** The names of the values of a row's dimensions, as far as the log says. */
export const rowNames = async (
  names: Names,
  { family, dimensions }: Pick<Row, 'family' | 'dimensions'>,
): Promise<DimensionNames> => {
  const known: Partial<Record<Dimension, string>> = {}
  for (const [place, dimension] of families[family].dimensions.entries()) {
    const name = await names.of(dimension, dimensions[place] ?? null)
    if (name !== undefined) known[dimension] = name
  }
  return known
}

/** The names of all objects of a dimension, by id. Reads the configuration of the kind, which is long for users. */
export const namesOfAll = async (
  raw: EventLog | undefined,
  tenant: string,
  dimension: Dimension,
): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>()
  const kind = kinds[dimension]
  if (kind === undefined || raw === undefined) return names
  const { decodeRaw } = await import('../ingress/decode/decoders.js')
  for await (const batch of raw.readStreams([configStream(tenant, kind, '')]))
    for (const { stream, type, data } of batch) {
      const facts = isImportedType(type) ? decodeRaw(type, data) : undefined
      if (facts === undefined || isLeft(facts)) continue
      for (const fact of facts.right) {
        const name = nameIn(fact)
        if (name !== null) names.set(stream.slice(configStream(tenant, kind, '').length), name)
      }
    }
  return names
}

/** Whether objects of the dimension can have names. */
export const isNamed = (dimension: Dimension): boolean => kinds[dimension] !== undefined

const lastNameIn = async (raw: EventLog, stream: string): Promise<string | undefined> => {
  const { decodeRaw } = await import('../ingress/decode/decoders.js')
  for await (const batch of raw.readStream(stream, { backwards: true, batchMax: 16 }))
    for (const { type, data } of batch) {
      if (!isImportedType(type)) continue // the stream of a queue also holds its memberships
      const facts = decodeRaw(type, data)
      if (isLeft(facts)) continue
      for (const fact of facts.right) {
        const name = nameIn(fact)
        if (name !== null) return name
      }
    }
  return undefined
}

const nameIn = (fact: Fact): string | null =>
  fact.type === 'QueueConfigured' || fact.type === 'PresenceDefined' || fact.type === 'ObjectNamed' ? fact.name : null
