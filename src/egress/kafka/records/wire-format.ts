/** Confluent's wire format: a zero byte, the id of the schema in the registry as a big-endian int32, the datum. */
export const FRAME_BYTES = 5

export const frame = (schemaId: number, datum: Uint8Array, behind: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(FRAME_BYTES + datum.length + behind.length)
  framed[0] = 0
  framed.writeInt32BE(schemaId, 1)
  framed.set(datum, FRAME_BYTES)
  framed.set(behind, FRAME_BYTES + datum.length)
  return framed
}
