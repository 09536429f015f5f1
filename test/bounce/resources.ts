/** What must be ended or removed when the test is over, however it is over; the last to come is the first to go. */
export class Resources {
  private readonly ends: (() => Promise<unknown> | void)[] = []
  private over: Promise<void> | undefined

  add(end: () => Promise<unknown> | void): void {
    // Also what comes while everything is being ended.
    if (this.over === undefined) this.ends.push(end)
    else void end()
  }

  /** Ends all; a second call waits for the first. */
  end(): Promise<void> {
    return (this.over ??= this.endAll())
  }

  private async endAll(): Promise<void> {
    for (let end = this.ends.pop(); end !== undefined; end = this.ends.pop())
      try {
        await end()
      } catch (cause) {
        console.error('could not be cleaned up:', cause)
      }
  }
}
