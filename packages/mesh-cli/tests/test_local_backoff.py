from mesh_cli.local.backoff import RestartBackOff


def test_the_first_restart_is_at_once_then_delays_double_up_to_a_bound():
    back_off = RestartBackOff()
    delays = [back_off.delay(0.1) for _ in range(12)]
    assert delays[:5] == [0.0, 1.0, 2.0, 4.0, 8.0]
    assert delays[-1] == 300.0


def test_a_long_run_counts_as_recovery():
    back_off = RestartBackOff()
    for _ in range(6):
        back_off.delay(1)
    assert back_off.delay(601) == 0.0
