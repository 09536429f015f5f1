/** Avro as JSON. */
export type AvroSchema = Readonly<Record<string, unknown>>

/** A record type: spelled out where it is first used, and by its name from there on, as Avro wants it. */
export type NamedTypes = (name: string, doc: string, fields: () => readonly AvroSchema[]) => string | AvroSchema

export const namedTypes = (): NamedTypes => {
  const used = new Set<string>()
  return (name, doc, fields) => {
    if (used.has(name)) return name
    used.add(name)
    return { type: 'record', name, doc, fields: fields() }
  }
}
