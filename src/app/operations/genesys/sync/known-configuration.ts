import type { NamedKind, ObjectNamed } from '../../../../domain/fact.js'
import { configStream } from '../../../../domain/stream-name.js'
import type { EventLog, Position, RecordedEvent } from '../../../../log/event-log.js'
import { subjectOf } from '../../../../ingress/decode/configuration.js'
import { namedKinds } from '../../../../domain/fact.js'
import { settingsIn, streamOf, type Configured } from '../../imports/import-configuration.js'

type Stream = { revision: number; readonly settings: Configured[] }

/**
 * The settings and names in the log. The first `refresh` reads all of them, which on a server means a filtered read of
 * the whole log; later ones read what came since.
 */
export class KnownConfiguration {
  readonly #tenant: string
  readonly #streams = new Map<string, Stream>()
  readonly #erased = new Set<string>()
  #after: Position | undefined
  #isRead = false

  constructor(tenant: string) {
    this.#tenant = tenant
  }

  /** Learns what the log holds by now; nothing for a log that was never written. */
  async refresh(raw: EventLog | undefined): Promise<void> {
    if (raw === undefined) return
    const prefixes = ['erased', ...namedKinds].map((kind) => configStream(this.#tenant, kind, ''))
    const head = await raw.head()
    const events = this.#isRead ? raw.readAll({ after: this.#after, prefixes }) : raw.readStreams(prefixes)
    for await (const batch of events) for (const event of batch) this.#learn(event)
    this.#after = head
    this.#isRead = true
  }

  /** What is known of the object that a setting is about, in the order of the log. */
  about(fact: Configured): readonly Configured[] {
    return this.#streams.get(streamOf(this.#tenant, fact))?.settings ?? []
  }

  /** What was erased on request is not stored again. */
  isErased(fact: Configured): boolean {
    return this.#erased.has(streamOf(this.#tenant, fact))
  }

  /** The objects of a kind that are known and not gone, by id, each with what is known of it. */
  present(kind: NamedKind): ReadonlyMap<string, readonly Configured[]> {
    const prefix = configStream(this.#tenant, kind, '')
    const found = new Map<string, readonly Configured[]>()
    for (const [name, { settings }] of this.#streams) {
      const [first] = settings
      if (first === undefined || !name.startsWith(prefix) || first.type === 'OrgSettingsChanged') continue
      if (lastNamed(settings)?.gone !== true) found.set(subjectOf(first).id, settings)
    }
    return found
  }

  #learn({ stream: name, revision, type, data }: RecordedEvent): void {
    const erasures = configStream(this.#tenant, 'erased', '')
    if (name.startsWith(erasures)) return void this.#erased.add(name.slice(erasures.length))
    let stream = this.#streams.get(name)
    if (stream === undefined) this.#streams.set(name, (stream = { revision: -1, settings: [] }))
    if (revision <= stream.revision) return // read in the last refresh already
    stream.revision = revision
    stream.settings.push(...settingsIn(type, data))
  }
}

export const lastNamed = (settings: readonly Configured[]): ObjectNamed | undefined =>
  settings.findLast((fact): fact is ObjectNamed => fact.type === 'ObjectNamed')

/** The last name that any of the settings says. */
export const lastName = (settings: readonly Configured[]): string | null => {
  for (const fact of settings.toReversed()) if ('name' in fact && fact.name !== null) return fact.name
  return null
}
