/** Headers that records have in common, with gaps for the values in which they differ. */
export type HeaderTemplate = Readonly<{
  /** Names with their values in the order of the wire; `undefined`: the value is a record's own. */
  pairs: readonly (readonly [name: string, value: string | undefined])[]
  /** What stands on the wire before, between and behind the values of a record. */
  parts: readonly Uint8Array[]
}>

/**
 * Headers of one record: a template, and the values for its gaps. Most bytes of a row's headers are those of all rows
 * that go out with it, so they are encoded once and copied.
 */
export class PackedHeaders {
  readonly template: HeaderTemplate
  readonly values: readonly string[]

  constructor(template: HeaderTemplate, values: readonly string[]) {
    this.template = template
    this.values = values
  }

  /** The same headers by name. */
  plain(): Record<string, string> {
    const own = this.values.values()
    const pairs = this.template.pairs.map(([name, value]) => [name, value ?? own.next().value])
    return Object.fromEntries(pairs) as Record<string, string>
  }
}

/** Headers of a record to be published. */
export type RecordHeaders = Readonly<Record<string, string>> | PackedHeaders

/** The headers by name. */
export const plainHeaders = (headers: RecordHeaders = {}): Readonly<Record<string, string>> =>
  headers instanceof PackedHeaders ? headers.plain() : headers
