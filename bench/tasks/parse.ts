/**
 * `parse FILE`: the ceiling of everything that reads events. Seconds, of the clock and of the processor, that `JSON.parse` alone takes for the lines of a
 * file, reading the file left out, on one thread.
 */
import { createReadStream } from 'node:fs'

const [file = ''] = process.argv.slice(2)
const NEWLINE = 10
let seconds = 0
let cpuSeconds = 0
let events = 0

const parse = (bytes: Buffer): Buffer => {
  const lines: Buffer[] = []
  let from = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
    lines.push(bytes.subarray(from, at))
    from = at + 1
  }
  const began = performance.now()
  const before = process.cpuUsage()
  for (const line of lines) JSON.parse(line.toString('utf8'))
  seconds += (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(before)
  cpuSeconds += (user + system) / 1e6
  events += lines.length
  return bytes.subarray(from)
}

let rest: Buffer = Buffer.alloc(0)
for await (const chunk of createReadStream(file, { highWaterMark: 8 * 1024 * 1024 }) as AsyncIterable<Buffer>)
  rest = parse(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]))
console.log(JSON.stringify({ parseSeconds: seconds, parseCpuSeconds: cpuSeconds, events }))
