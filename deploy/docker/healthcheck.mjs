// @ts-check
// The health check of the image, which has no shell and no curl. Ends with 0 when `/livez` answers 200: the process
// runs. Whether its work moves is `/readyz`, which a restart would not mend.
const url =
  process.env['STREAMVANE_HEALTHCHECK_URL'] ??
  `http://127.0.0.1:${process.env['STREAMVANE_HEALTH__PORT'] ?? '8081'}/livez`
const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch((cause) => {
  console.error(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`)
})
if (answer !== undefined && !answer.ok) console.error(`${url} answers ${answer.status}`)
process.exit(answer?.ok === true ? 0 : 1)
