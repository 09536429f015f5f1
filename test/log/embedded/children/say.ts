import { writeSync } from 'node:fs'

const untilWoken = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes a line to stdout before it returns, so that a process that is killed afterwards has said it. The pipe does not
 * block: while the reader is slow and the pipe is full, the write is tried again.
 */
export const say = (line: string): void => {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause
      Atomics.wait(untilWoken, 0, 0, 5)
    }
  }
}
