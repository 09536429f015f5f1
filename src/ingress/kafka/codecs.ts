import zlib from 'node:zlib'
import kafkajs from 'kafkajs'
import { decompressFrameSync } from 'lz4-napi'
import { unsnappied } from './snappy.js'

const { CompressionCodecs, CompressionTypes } = kafkajs

/** Part of Node.js from 22.15 on. */
const { zstdDecompressSync } = zlib as Readonly<{ zstdDecompressSync?: (data: Buffer) => Buffer }>

const reading = (decompress: (data: Buffer) => Buffer) => () => ({
  decompress,
  compress: (): never => {
    throw new Error('records are only read in this compression')
  },
})

/**
 * Lets kafkajs read records that other clients compressed by Snappy, LZ4 or Zstandard; by itself it knows gzip alone.
 * Without Zstandard in Node.js, kafkajs says that it is not implemented.
 */
export const readEveryCompression = (): void => {
  CompressionCodecs[CompressionTypes.Snappy] = reading(unsnappied)
  CompressionCodecs[CompressionTypes.LZ4] = reading(decompressFrameSync)
  if (zstdDecompressSync !== undefined) CompressionCodecs[CompressionTypes.ZSTD] = reading(zstdDecompressSync)
}
