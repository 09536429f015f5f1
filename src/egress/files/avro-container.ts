import avro from 'avsc'

/**
 * Avro object container files, written block by block from encoded data. (The encoder of avsc takes values and starts a
 * new file; the sink holds encoded data and appends to a file after a restart, which needs the file's sync marker.)
 */
export const SYNC_BYTES = 16

const headerType = avro.Type.forSchema({
  type: 'record',
  name: 'Header',
  namespace: 'org.apache.avro.file',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: SYNC_BYTES } },
  ],
})
const longType = avro.Type.forSchema('long')

/** The header of a file with its schema. `meta` adds text entries, whose names must not begin with `avro.`. */
export const containerHeader = (
  schema: object,
  sync: Uint8Array,
  meta: Readonly<Record<string, string>> = {},
): Buffer => {
  const entries = { ...meta, 'avro.schema': JSON.stringify(schema), 'avro.codec': 'null' }
  return headerType.toBuffer({
    magic: Buffer.from('Obj\u0001', 'latin1'),
    meta: Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)])),
    sync: Buffer.from(sync),
  })
}

/** One block of encoded data. `sync` must be the marker in the header of the file. */
export const containerBlock = (data: readonly Uint8Array[], sync: Uint8Array): Buffer => {
  const bytes = data.reduce((sum, datum) => sum + datum.length, 0)
  return Buffer.concat([longType.toBuffer(data.length), longType.toBuffer(bytes), ...data, sync])
}

/**
 * The sync marker of a file. `head` is the beginning of the file and must hold the whole header. Throws if it is not a
 * container file.
 */
export const syncMarkerOf = (head: Uint8Array): Buffer => {
  const decoded: { value?: { magic: Buffer; sync: Buffer }; offset: number } = headerType.decode(
    Buffer.from(head.buffer, head.byteOffset, head.byteLength),
    0,
  )
  const { value, offset } = decoded
  if (value === undefined || offset < 0 || value.magic.toString('latin1') !== 'Obj\u0001')
    throw new Error('this is no Avro container file')
  return value.sync
}
