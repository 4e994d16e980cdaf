#!/usr/bin/env python3
"""Compares this planner with PyVRP, VROOM and OR-Tools on benchmark files, one thread each, and prints the gaps.

    python3 delivery/bench/compare.py --seconds 1 --seeds 3 target/release/nuanfan FILE...
    python3 delivery/bench/compare.py --seconds 1 --seeds 3 target/release/examples/solve FILE...

Installs the three planners from the Python registry into a virtual environment (kept in --venv) on the first run.
Best known costs are read from `.sol` files or `best-known.csv` beside the instances. All planners get the same
integer matrices: CVRP rounded, VRPTW cut to tenths (times too), explicit matrices as given. Seconds are wall time, so the
machine's load is printed with the table: what runs beside the comparison takes its share from whoever is at work just then.
"""
import argparse, csv, json, math, os, pathlib, re, statistics, subprocess, sys, time, venv

PACKAGES = ["pyvrp==0.14.1", "pyvroom==1.15.2", "ortools==9.15.6755", "numpy"]


def restart_in(folder):
    """Runs this script again inside the virtual environment, which is made if it is not there."""
    python = pathlib.Path(folder) / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == pathlib.Path(folder).resolve():
        return
    if not python.exists():
        venv.create(folder, with_pip=True)
        for package in PACKAGES:
            # A planner that cannot be had is left out of the table, and said so there.
            subprocess.run([python, "-m", "pip", "install", "-q", package], check=False)
    os.execv(python, [str(python), *sys.argv])


class Instance:
    """Integer matrix, windows, demands; node 0 is the depot. Times share the unit of distances."""

    def __init__(self, path):
        self.path, text = path, path.read_text()
        (self._solomon if re.search(r"^CUST NO", text, re.M) else self._vrplib)(text)
        self.best = self._best()

    def _euclid(self, points, measure):
        self.matrix = [[int(measure(math.dist(a, b))) for b in points] for a in points]

    def _solomon(self, text):
        lines = [line.split() for line in text.splitlines() if line.strip()]
        self.name, self.unit = lines[0][0], 10
        rows = [[float(x) for x in l] for l in lines if len(l) == 7 and all(re.fullmatch(r"[\d.]+", x) for x in l)]
        fleet = next(l for l in lines if len(l) == 2 and all(x.isdigit() for x in l))
        self.vehicles, self.capacity = int(fleet[0]), int(fleet[1])
        self._euclid([(r[1], r[2]) for r in rows], lambda d: d * 10 + 1e-9)
        self.demand = [int(r[3]) for r in rows]
        self.window = [(int(r[4] * 10), int(r[5] * 10)) for r in rows]
        self.service = [int(r[6] * 10) for r in rows]

    def _vrplib(self, text):
        fields = dict(re.findall(r"^([A-Z_]+)\s*:\s*(.*?)\s*$", text, re.M))
        if fields["TYPE"] not in ("CVRP", "VRPTW"):
            raise ValueError(f"{fields['TYPE']}: only CVRP and VRPTW are compared")
        sections = {m[0]: m[1].split() for m in re.findall(r"^([A-Z_]+_SECTION)\s*\n([^A-Z]*)", text, re.M)}
        table = lambda key, k: [list(map(float, sections[key][i * (k + 1) + 1:(i + 1) * (k + 1)])) for i in range(n)]
        n = int(fields["DIMENSION"])
        self.name, self.unit, self.capacity = fields["NAME"], 1, int(fields["CAPACITY"])
        self.vehicles = int(fields.get("VEHICLES", n - 1))
        if fields["EDGE_WEIGHT_TYPE"] == "EXPLICIT":
            cells = list(map(int, sections["EDGE_WEIGHT_SECTION"]))
            self.matrix = [cells[i * n:(i + 1) * n] for i in range(n)]
        else:
            self._euclid(table("NODE_COORD_SECTION", 2), lambda d: d + 0.5)
        self.demand = [int(d[0]) for d in table("DEMAND_SECTION", 1)]
        windows = "TIME_WINDOW_SECTION" in sections
        self.window = [tuple(map(int, w)) for w in table("TIME_WINDOW_SECTION", 2)] if windows else None
        services = "SERVICE_TIME_SECTION" in sections
        self.service = [int(s[0]) for s in table("SERVICE_TIME_SECTION", 1)] if services else [0] * n

    def _best(self):
        sol = self.path.with_suffix(".sol")
        if sol.exists():
            return float(re.search(r"^Cost:?\s*([\d.]+)", sol.read_text(), re.M)[1])
        known = self.path.parent / "best-known.csv"
        rows = csv.reader(known.read_text().splitlines()) if known.exists() else []
        return next((float(r[1]) for r in rows if r and r[0].lower() == self.name.lower()), math.nan)

    def cost(self, routes):
        """The cost of routes in the set's unit; None if they break a rule. Every planner is judged by this."""
        if sorted(c for r in routes for c in r) != list(range(1, len(self.demand))) or len(routes) > self.vehicles:
            return None
        total = 0
        for route in routes:
            if sum(self.demand[c] for c in route) > self.capacity:
                return None
            now, here = self.window[0][0] if self.window else 0, 0
            for there in [*route, 0]:
                total += self.matrix[here][there]
                now += self.service[here] + self.matrix[here][there]
                if self.window:
                    now = max(now, self.window[there][0])
                    if now > self.window[there][1]:
                        return None
                here = there
        return total / self.unit


def by_nuanfan(program):
    def solve(x, seconds, seed):
        line = [program, "route", "solve", "--instance", x.path, "--seconds", str(seconds), "--seed", str(seed), "--json"]
        return json.loads(subprocess.run(line, capture_output=True, text=True).stdout)["routes"]
    return solve


def by_pyvrp(x, seconds, seed):
    import numpy as np
    import pyvrp
    from pyvrp.stop import MaxRuntime
    model = pyvrp.Model()
    window = x.window or [(0, 2**40)] * len(x.demand)
    places = [model.add_location(i, 0) for i in range(len(x.demand))]
    model.add_depot(places[0])
    model.add_vehicle_type(x.vehicles, capacity=x.capacity, tw_early=window[0][0], tw_late=window[0][1])
    for i in range(1, len(x.demand)):
        early, late = window[i]
        model.add_client(places[i], delivery=x.demand[i], service_duration=x.service[i], tw_early=early, tw_late=late)
    data = model.data()
    matrix = np.array(x.matrix)
    data = data.replace(distance_matrices=[matrix], duration_matrices=[matrix])
    result = pyvrp.solve(data, stop=MaxRuntime(seconds), seed=seed, display=False)
    # Clients count from 0 in the order added; the depot's own activities are skipped.
    return [[a.idx + 1 for a in route if a.is_client()] for route in result.best.routes()]


def by_vroom(x, seconds, seed):
    import datetime
    import numpy as np
    import vroom
    problem = vroom.Input()
    problem.set_durations_matrix("car", np.array(x.matrix, dtype=np.uint32))
    shift = vroom.TimeWindow(*x.window[0]) if x.window else None
    for k in range(min(x.vehicles, len(x.demand))):
        problem.add_vehicle(vroom.Vehicle(k, start=0, end=0, capacity=[x.capacity], time_window=shift))
    for i in range(1, len(x.demand)):
        windows = [vroom.TimeWindow(*x.window[i])] if x.window else []
        problem.add_job(vroom.Job(i, location=i, delivery=[x.demand[i]], default_service=x.service[i], time_windows=windows))
    limit = datetime.timedelta(seconds=seconds)
    frame = problem.solve(exploration_level=5, nb_threads=1, timeout=limit).routes
    routes = {}
    for vehicle, kind, job in zip(frame["vehicle_id"], frame["type"], frame["id"]):
        if kind == "job":
            routes.setdefault(vehicle, []).append(int(job))
    return list(routes.values())


def by_ortools(x, seconds, seed):
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2
    manager = pywrapcp.RoutingIndexManager(len(x.demand), x.vehicles, 0)
    routing = pywrapcp.RoutingModel(manager)
    node = manager.IndexToNode
    way = routing.RegisterTransitCallback(lambda a, b: x.matrix[node(a)][node(b)])
    routing.SetArcCostEvaluatorOfAllVehicles(way)
    load = routing.RegisterUnaryTransitCallback(lambda a: x.demand[node(a)])
    routing.AddDimension(load, 0, x.capacity, True, "load")
    if x.window:
        step = routing.RegisterTransitCallback(lambda a, b: x.service[node(a)] + x.matrix[node(a)][node(b)])
        routing.AddDimension(step, x.window[0][1], x.window[0][1], False, "time")
        times = routing.GetDimensionOrDie("time")
        for i in range(1, len(x.demand)):
            times.CumulVar(manager.NodeToIndex(i)).SetRange(*x.window[i])
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(seconds * 1000))
    solution = routing.SolveWithParameters(parameters)
    routes = []
    for k in range(x.vehicles if solution else 0):
        index, route = solution.Value(routing.NextVar(routing.Start(k))), []
        while not routing.IsEnd(index):
            route.append(node(index))
            index = solution.Value(routing.NextVar(index))
        routes.append(route)
    return [r for r in routes if r]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--venv", default=str(pathlib.Path.home() / ".cache" / "nuanfan-bench"))
    parser.add_argument("nuanfan", help="this planner: cargo build --release, or -p nuanfan-delivery --example solve")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    restart_in(args.venv)
    planners = {"nuanfan": by_nuanfan(args.nuanfan), "PyVRP": by_pyvrp, "VROOM": by_vroom, "OR-Tools": by_ortools}
    gaps = {name: [] for name in planners}
    print(f"{'instance':<40}" + "".join(f"{name:>12}" for name in gaps) + "   (gap in %, median of seeds)")
    for path in args.files:
        x = Instance(path)
        row = {}
        for name, solve in planners.items():
            runs = []
            for seed in range(1, args.seeds + 1 if name in ("nuanfan", "PyVRP") else 2):  # the others draw no random numbers
                begin = time.time()
                try:
                    cost = x.cost(solve(x, args.seconds, seed))
                except Exception as error:  # a planner that fails is reported, and the others still run
                    print(f"{name} on {x.name}: {type(error).__name__}: {error}", file=sys.stderr)
                    cost = None
                runs.append(math.inf if cost is None else (cost / x.best - 1) * 100)
                if time.time() - begin > 3 * args.seconds + 5:
                    print(f"{name} on {x.name}: took {time.time() - begin:.1f} s", file=sys.stderr)
            row[name] = statistics.median(runs)
        for name, gap in row.items():
            gaps[name].append(gap)
        print(f"{x.name:<40}" + "".join(f"{row[name]:>12.2f}" for name in gaps), flush=True)
    print(f"{args.seconds:g} s each; load of the machine {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores")
    print(f"{'mean':<40}" + "".join(f"{statistics.mean(g):>12.2f}" for g in gaps.values()))


if __name__ == "__main__":
    main()
