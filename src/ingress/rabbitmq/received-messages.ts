import type { ConsumeMessage } from 'amqplib'

/** Messages of one consumer that wait to be stored, in the order of the queue; at most as many as are prefetched. */
export class ReceivedMessages {
  readonly #waiting: ConsumeMessage[] = []
  #wake: () => void = () => undefined

  get waiting(): number {
    return this.#waiting.length
  }

  add(message: ConsumeMessage): void {
    this.#waiting.push(message)
    this.#wake()
  }

  /** The next messages, at most `max`; waits until there is one, or the signal aborts. */
  async take(max: number, stop: AbortSignal): Promise<readonly ConsumeMessage[]> {
    while (this.#waiting.length === 0 && !stop.aborted) await this.#arrival(stop)
    return this.#waiting.splice(0, max)
  }

  #arrival(stop: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const wake = (): void => {
        stop.removeEventListener('abort', wake)
        resolve()
      }
      this.#wake = wake
      stop.addEventListener('abort', wake)
    })
  }
}
