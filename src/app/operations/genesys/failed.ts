import { genesysFailureText, mayPass, type GenesysFailure } from '../../../genesys/failure.js'

/** Genesys does not answer now; the same may work later. */
export class GenesysUnavailable extends Error {
  override readonly name = 'GenesysUnavailable'
}

/** Genesys refuses, and somebody has to change something first: a setting, a role. The message says what. */
export class GenesysRefused extends Error {
  override readonly name = 'GenesysRefused'
}

/** The call was given up, because the process or the stage stops. */
export class GenesysStopped extends Error {
  override readonly name = 'GenesysStopped'
}

/** A failure for who can do nothing but end with it. */
export const genesysError = (failure: GenesysFailure): GenesysUnavailable | GenesysRefused | GenesysStopped => {
  const text = genesysFailureText(failure)
  if (failure.tag === 'Aborted') return new GenesysStopped(text)
  return mayPass(failure) ? new GenesysUnavailable(text) : new GenesysRefused(text)
}
