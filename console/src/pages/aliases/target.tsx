import { type JSX } from 'preact';
import { type Schemas } from '../../lib/api.js';
import { Link } from '../../lib/router.js';

/** What a version of an alias stands for: an adapter, sampler weights of one, or a base model. */
export function Target({ of: { target, base_model: base } }: { readonly of: Schemas['AliasVersionDto'] }): JSX.Element {
  if (target === 'base' || target === base) return <span class="name">{base}</span>;
  // The path of sampler weights is tinker://<adapter>/sampler_weights/<name>.
  const adapter = target.startsWith('tinker://') ? target.split('/')[2] : encodeURIComponent(target);
  const tab = target.startsWith('tinker://') ? '?tab=checkpoints' : '';
  return (
    <Link class="name" to={`/adapters/${adapter}${tab}`}>
      {target}
    </Link>
  );
}
