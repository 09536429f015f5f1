import { isRight } from 'fp-ts/lib/Either.js'
import type { NameChange } from '../../../contract/name-codec.js'
import { namedKinds, type Fact, type NamedKind } from '../../../domain/fact.js'
import { configStream } from '../../../domain/stream-name.js'
import { isImportedType } from '../../../ingress/decode/configuration.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import type { RecordedEvent } from '../../../log/event-log.js'

/** An event of the raw log that may say what an object is called, or that its stream was erased. */
export type NameStatement = Pick<RecordedEvent, 'stream' | 'revision' | 'position' | 'id'> &
  Readonly<{ facts: readonly Fact[] }>

/** The beginnings of the names of the streams that hold such events. */
export const namePrefixes = (tenant: string): readonly string[] =>
  ['erased', ...namedKinds].map((kind) => configStream(tenant, kind, ''))

/** `undefined`: it says nothing of names (the stream of a queue holds its memberships, too). */
export const nameStatementOf = ({
  stream,
  revision,
  position,
  id,
  type,
  data,
}: RecordedEvent): NameStatement | undefined => {
  if (!isImportedType(type)) return undefined
  const facts = decodeRaw(type, data)
  return isRight(facts) && facts.right.some(saysName)
    ? { stream, revision, position, id, facts: facts.right }
    : undefined
}

type Saying = Extract<Fact, Readonly<{ type: 'QueueConfigured' | 'PresenceDefined' | 'ObjectNamed' | 'StreamErased' }>>

const saysName = (fact: Fact): fact is Saying =>
  fact.type === 'QueueConfigured' ||
  fact.type === 'PresenceDefined' ||
  fact.type === 'ObjectNamed' ||
  fact.type === 'StreamErased'

type Known = { name: string | undefined; isGone: boolean; published: string | undefined }

/**
 * From statements, in the order of the log, to the changes of a latest state: each a pure function of what came before
 * it, so a fold from the beginning gives the same changes behind any place. A name counts from where it stands in the
 * log. A statement that repeats the name in force is no change.
 */
export class NameChanges {
  readonly #tenant: string
  readonly #objects = new Map<string, Known>()
  readonly #erased = new Set<string>()

  constructor(tenant: string) {
    this.#tenant = tenant
  }

  /** What a server still returns of a stream that was erased is not published. Told ahead of everything. */
  forget(statement: NameStatement): void {
    for (const fact of statement.facts) if (fact.type === 'StreamErased') this.#erased.add(fact.stream)
  }

  apply(statement: NameStatement): NameChange | undefined {
    const erased = statement.facts.find((fact) => fact.type === 'StreamErased')
    if (erased !== undefined) return this.#erase(erased.stream)
    const object = this.#objectOf(statement.stream)
    if (object === undefined || this.#erased.has(statement.stream)) return undefined
    const known = this.#known(statement.stream)
    let since = 0
    for (const fact of statement.facts) {
      if (!saysName(fact) || fact.type === 'StreamErased') continue
      if (fact.name !== null) known.name = fact.name
      if (fact.type === 'ObjectNamed') known.isGone = fact.gone
      since = fact.at
    }
    const name = known.isGone ? undefined : known.name
    if (name === known.published) return undefined
    known.published = name
    const { revision } = statement
    const of = { tenant: this.#tenant, ...object }
    return { ...of, change: revision, name: name === undefined ? null : { ...of, name, since, revision } }
  }

  #erase(stream: string): NameChange | undefined {
    this.#erased.add(stream)
    this.#objects.delete(stream)
    const object = this.#objectOf(stream)
    return object === undefined ? undefined : { tenant: this.#tenant, ...object, change: 'erased', name: null }
  }

  #known(stream: string): Known {
    let known = this.#objects.get(stream)
    if (known === undefined)
      this.#objects.set(stream, (known = { name: undefined, isGone: false, published: undefined }))
    return known
  }

  #objectOf(stream: string): Readonly<{ kind: NamedKind; id: string }> | undefined {
    for (const kind of namedKinds) {
      const prefix = configStream(this.#tenant, kind, '')
      if (stream.startsWith(prefix)) return { kind, id: stream.slice(prefix.length) }
    }
    return undefined
  }
}
