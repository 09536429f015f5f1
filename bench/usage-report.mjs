// @ts-check
// Loaded into a process that is measured: at its end it writes what it used to the file that BENCH_USAGE_FILE names.
import { readFileSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const SAMPLE_MS = 250

/**
 * Memory of the process's own, in MB. Resident pages of mapped files are left out where the system tells them apart:
 * LMDB maps its file, and the system takes those pages back when it needs them.
 */
const memoryMb = () => {
  try {
    const own = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (own !== undefined) return Number(own) / 1024
  } catch {
    // Not Linux.
  }
  return process.memoryUsage.rss() / 1024 / 1024
}

const file = process.env['BENCH_USAGE_FILE']
if (file !== undefined && isMainThread) {
  let peakMb = memoryMb()
  const sample = () => (peakMb = Math.max(peakMb, memoryMb()))
  setInterval(sample, SAMPLE_MS).unref()
  process.on('exit', () => {
    sample()
    const { userCPUTime, systemCPUTime } = process.resourceUsage()
    writeFileSync(file, JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb }))
  })
}
