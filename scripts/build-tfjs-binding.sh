#!/usr/bin/env bash
# Builds the native TensorFlow.js binding (@tensorflow/tfjs-node) in .cache/tfjs-node against the TensorFlow library of a
# PyPI wheel, for machines where the binding's own download is out of reach. Numeric tests run on it when it is there
# (TFJS_NODE_PATH names another folder). A second run with nothing changed takes no time. Takes 1.2 GB of disk.
# Exits 0 when the binding is ready and multiplies matrices, 3 when a tool is missing, 4 when something can't be fetched.
# PYTHON names the interpreter whose pip fetches the wheel (any version will do).
set -euo pipefail

tensorflow_version=2.21.0
tfjs_version=4.22.0
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
home="$root/.cache/tfjs-node"
package="$home/node_modules/@tensorflow/tfjs-node"
stamp="$home/.built"
built="tfjs-node $tfjs_version, tensorflow-cpu $tensorflow_version, node ABI $(node -p process.versions.modules)"

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$built" ]; then
  echo "build-tfjs-binding: $package is ready"
  exit 0
fi

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || { echo "build-tfjs-binding: only Linux on x86-64 is supported" >&2; exit 3; }
python="${PYTHON:-python3}"
for tool in "$python" npm g++ make unzip; do
  command -v "$tool" >/dev/null || { echo "build-tfjs-binding: need '$tool' on the PATH" >&2; exit 3; }
done
fetch_failed() {
  echo "build-tfjs-binding: $1 could not be fetched (the lines above say why)" >&2
  exit 4
}
mkdir -p "$home"

# The binding needs only the C library inside the wheel, so the wheel's Python version does not matter.
echo "build-tfjs-binding: fetching tensorflow-cpu $tensorflow_version (260 MB)"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$home" \
  --implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_27_x86_64 \
  "tensorflow-cpu==$tensorflow_version" || fetch_failed "tensorflow-cpu $tensorflow_version"
wheel=("$home/tensorflow_cpu-$tensorflow_version"-*.whl)
library="$home/library"
rm -rf "$library"
unzip -q "${wheel[0]}" 'tensorflow/libtensorflow_*.so.2' 'tensorflow/include/tensorflow/*' 'tensorflow/include/tsl/*' \
  'tensorflow/include/xla/*' -d "$library"
rm "${wheel[0]}"

# --ignore-scripts: the package's own install script downloads the library that we bring along.
echo "build-tfjs-binding: fetching @tensorflow/tfjs-node $tfjs_version"
tarball="$(npm pack --silent --pack-destination "$home" "@tensorflow/tfjs-node@$tfjs_version")" ||
  fetch_failed "@tensorflow/tfjs-node $tfjs_version"
echo '{ "private": true }' >"$home/package.json"
npm install --silent --prefix "$home" --ignore-scripts --no-audit --no-fund "$home/$tarball" ||
  fetch_failed "the dependencies of @tensorflow/tfjs-node"
rm "$home/$tarball"

# The names that the binding links against, and the .so.2 names that the libraries call each other by.
mkdir -p "$package/deps/lib"
ln -sfn "$library/tensorflow/include" "$package/deps/include"
for pair in tensorflow_cc:tensorflow tensorflow_framework:tensorflow_framework; do
  from="$library/tensorflow/lib${pair%%:*}.so.2"
  ln -sfn "$from" "$package/deps/lib/lib${pair%%:*}.so.2"
  ln -sfn "$from" "$package/deps/lib/lib${pair##*:}.so"
done

node_home="$(dirname "$(dirname "$(node -p process.execPath)")")"
if [ -f "$node_home/include/node/node_api.h" ]; then export npm_config_nodedir="$node_home"; fi
echo "build-tfjs-binding: compiling"
log="$home/build.log"
if ! (cd "$package" && nice -n 10 "$home/node_modules/.bin/node-pre-gyp" install --build-from-source) >"$log" 2>&1; then
  tail -30 "$log" >&2
  echo "build-tfjs-binding: compiling failed; the whole log is in $log" >&2
  exit 1
fi

# util.isNullOrUndefined is gone since Node 23, and the binding still calls it.
cd "$home"
TF_CPP_MIN_LOG_LEVEL=2 node -e '
  require("util").isNullOrUndefined ??= (value) => value == null;
  const tf = require("@tensorflow/tfjs-node");
  const result = tf.matMul([[1, 2], [3, 4]], [[5], [6]]).dataSync();
  if (result[0] !== 17 || result[1] !== 39) throw new Error(`wrong product ${result}`);
  console.log(`build-tfjs-binding: works, TensorFlow ${tf.backend().binding.TF_Version}`);
'
echo "$built" >"$stamp"
echo "build-tfjs-binding: $package is ready"
