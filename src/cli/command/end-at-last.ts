/** How long a process may live on after its work is done. */
const HELD_MAX_MS = 5_000

/**
 * Ends the process a while after its work is done and all it opened was closed. A client library may hold a connection
 * that it has forgotten (kafkajs does, after the death of a broker), and the process would stay for ever. Output that is
 * still to be written is waited for.
 */
export const endAtLast = (limitMs = HELD_MAX_MS): void => {
  const timer = setInterval(() => {
    if (process.stdout.writableLength > 0) return
    const held = [...new Set(process.getActiveResourcesInfo())].join(', ')
    console.error(`everything is done; what a client library still holds open (${held}) is dropped`)
    process.exit()
  }, limitMs)
  timer.unref()
}
