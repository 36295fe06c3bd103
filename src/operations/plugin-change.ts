import { type BackendCapabilities } from '../compute/compute-backend.js';
import { type LossReference } from '../domain/loss.js';

/**
 * Says that a logged request was accepted with another file of its loss plugin than the engine has, or null. One that
 * the engine does not have at all it refuses itself.
 */
export function pluginChange({ name, plugin }: LossReference, { lossPlugins }: BackendCapabilities): string | null {
  const loaded = Object.hasOwn(lossPlugins, name) ? lossPlugins[name] : undefined;
  if (plugin === undefined || loaded === undefined || plugin === loaded) return null;
  return (
    `loss plugin '${name}' was ${plugin} when the request was accepted and is ${loaded} now. Restore the earlier file ` +
    `to get the same numbers, or give the changed plugin another name.`
  );
}
