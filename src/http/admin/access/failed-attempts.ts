const WINDOW_MS = 60_000
/** Addresses that are remembered; beyond, the oldest is forgotten. */
const ADDRESSES_MAX = 10_000

/**
 * Counts refused authentications by address, in windows of a minute. An address with too many is not even checked until
 * its window is over. A valid token from elsewhere is not affected.
 */
export class FailedAttempts {
  private readonly max: number
  private readonly now: () => number
  private readonly windows = new Map<string, { since: number; count: number }>()

  constructor(max: number, now: () => number) {
    this.max = max
    this.now = now
  }

  /** Seconds until the address may try again; 0: now. */
  waitS(address: string): number {
    const window = this.windows.get(address)
    if (window === undefined || window.count < this.max) return 0
    return Math.max(0, Math.ceil((window.since + WINDOW_MS - this.now()) / 1_000))
  }

  failed(address: string): void {
    const known = this.windows.get(address)
    if (known !== undefined && this.now() - known.since < WINDOW_MS) {
      known.count += 1
      return
    }
    this.windows.delete(address)
    this.windows.set(address, { since: this.now(), count: 1 })
    const [oldest] = this.windows.keys()
    if (this.windows.size > ADDRESSES_MAX && oldest !== undefined) this.windows.delete(oldest)
  }
}
