"""`helm lint --strict` and `helm template` by Helm's own library, for machines without the helm command.

    .venv-helm/bin/python scripts/helm.py lint <chart> <values.json>
    .venv-helm/bin/python scripts/helm.py template <chart> <values.json>

scripts/helm-env.sh makes the environment. The name and namespace of the release are `thinker`. Faults go to stderr.
"""

import json
import sys

import helm_python as helm

SEVERITY = {1: "INFO", 2: "WARNING", 3: "ERROR"}


def lint(chart: str, values: dict) -> int:
    report = helm.lint(chart, values, namespace="thinker", strict=True)
    for message in report["messages"]:
        print(f"[{SEVERITY.get(message['severity'])}] {message['path']}: {message['error']}")
    faults = [message for message in report["messages"] if message["severity"] > 1]
    for error in report["errors"]:
        print(error, file=sys.stderr)
    return 1 if faults or report["errors"] else 0


def template(chart_folder: str, values: dict) -> int:
    with helm.Chart.load(chart_folder) as chart:
        chart.validate_schema(values)
        for name, text in sorted(chart.render(values, name="thinker", namespace="thinker").items()):
            if not name.endswith("NOTES.txt"):
                print(f"---\n# Source: {name}\n{text}")
    return 0


def main() -> int:
    command, chart, values_file = sys.argv[1:]
    with open(values_file, encoding="utf-8") as stream:
        values = json.load(stream)
    try:
        return {"lint": lint, "template": template}[command](chart, values)
    except helm.HelmError as error:
        print(error, file=sys.stderr)
        return 1


sys.exit(main())
