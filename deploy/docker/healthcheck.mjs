// @ts-check
// The health check of the image, which has no shell and no curl. Ends with 0 when `/livez` answers 200: the process
// runs. Whether its work moves is `/readyz`, which a restart would not mend.
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

const place = `127.0.0.1:${process.env['STREAMVANE_HEALTH__PORT'] ?? '8081'}/livez`
const given = process.env['STREAMVANE_HEALTHCHECK_URL']
// The configuration may be a file, which only the process reads: whether it speaks TLS is found by asking.
const addresses = given === undefined ? [`https://${place}`, `http://${place}`] : [given]

/**
 * The status of the answer. Nothing is sent to who answers, so its certificate is not checked, as Kubernetes does not:
 * it is for the name by which others reach it.
 * @param {string} url @returns {Promise<number | undefined>}
 */
const statusOf = (url) =>
  new Promise((resolve, reject) => {
    const options = { timeout: 2_000, ...(url.startsWith('https:') && { rejectUnauthorized: false }) }
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (answer) =>
      resolve(answer.resume().statusCode),
    )
    request.once('timeout', () => request.destroy(new Error('no answer')))
    request.once('error', reject).end()
  })

let says = ''
for (const url of addresses) {
  const status = await statusOf(url).catch((cause) => {
    says = `${url}: ${cause instanceof Error ? cause.message : String(cause)}`
  })
  if (status === 200) process.exit(0)
  if (status !== undefined) says = `${url} answers ${status}`
}
console.error(says)
process.exit(1)
